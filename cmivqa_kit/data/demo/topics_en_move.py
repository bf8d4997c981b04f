"""English topics on exercise, breathing and measuring (data only; notation in `tables`)."""

from __future__ import annotations

from cmivqa_kit.data.demo.tables import Topic, parse_topic

STROKE = """
! ready position stop often
@ act: training the arm after a stroke = exercising a weak arm after a brain attack
+ who: a patient with a weak left arm = a stroke survivor; part: arm = upper limb
+ tool: a table and a smooth towel = a towel; pos: sit at the table with both feet on the floor
+ move: slide the towel forwards until the elbow is straight; back: bend the elbow and come back; reps: ten
+ hold: five; grip: the towel = cloth; danger: the shoulder hurts sharply; wait: five; weeks: six weeks
+ often: three times a day
@ act: training the hand after a stroke = exercising stiff fingers after a brain attack
+ who: a patient with a closed fist = a person with spastic fingers; part: hand = fingers
+ tool: a soft ball and some clothes pegs = a ball; pos: sit down and put the forearm on a cushion
+ move: open the fingers one by one and stretch them; back: close them around the ball; reps: fifteen; hold: three
+ grip: the ball = sphere; danger: the fingers cramp; wait: three; weeks: two months
+ often: for ten minutes every hour
@ act: training the leg after a stroke = exercising a weak leg after a brain attack
+ who: a patient who drags one foot = someone with a limp; part: leg = lower limb
+ tool: a firm bed and an elastic band = a rubber band; pos: lie on your back with the knees bent
+ move: straighten the knee and lift the heel; back: bend the knee and put the foot down; reps: eight; hold: six
+ grip: the band = rubber loop; danger: the calf hurts or swells; wait: ten; weeks: a month
+ often: before you get up and at night
@ act: training balance after a stroke = relearning to stand after a brain attack
+ who: a patient who falls to one side = somebody unsteady; part: trunk = torso
+ tool: a chair without wheels and a belt = a chair; pos: sit at the edge of a firm chair
+ move: shift your weight to the weak side; back: come slowly back to the middle; reps: twelve; hold: four
+ grip: the armrest = side of the chair; danger: you feel dizzy; wait: five; weeks: eight weeks
+ often: every morning with a helper
# loosen: loosen the {part} before training
Let us loosen the {part} first. | Before we work, warm up the {part}.
The good hand strokes it from top to bottom, {reps} times.
Then shake it softly and let it hang.
? How is the {part} warmed up?
? What does the healthy hand do at the start?
# assist: let a helper move the {part}
A helper supports the joint from below. | The first time, somebody else does the work.
They {move} for you. | The helper holds it and will {move}.
Do not pull, and stop where you feel a stretch.
? What may a family member do with the {part}?
? How is a passive movement performed?
# move: move the {part} without help
Now try it alone, {move}. | This time without help, {move}.
Hold it for {hold} seconds, then {back}.
Repeat this {reps} times and breathe out as you go.
? How many repetitions does {who} do alone?
? How is the active movement of the {part} carried out?
# grip: practise holding {grip}
Take {grip} and hold on to it. | Now put your weak hand on {grip} and hold it.
Press as hard as you can for {hold} seconds.
Let go completely, and rest just as long.
? How long does one squeeze last?
? How is grasping strength trained with {grip}?
# mirror: train the {part} with a mirror
Put a mirror so that you see only the good side. | Here is a trick with a mirror.
Move the good side and imagine that both sides move.
Do this for {reps} minutes without looking away.
? How can a reflection help {who}?
? Which side is watched during mirror therapy?
# daily: use the {part} in daily life
Use it in everyday life too. | The best training is your normal day.
Let it help when you dress, eat and open doors.
The weak side goes into the sleeve first.
? Which sleeve comes first when getting dressed?
? How can {who} practise in the household?
# rest: lay the {part} down properly
When you are tired, lay the {part} on a pillow. | Between exercises the {part} rests on a pillow.
Fingers open, nothing hanging over the edge.
Change the position every {reps} minutes.
? How should the {part} be stored during breaks?
? How soon must the resting position be altered?
"""

BREATHE = """
! position stop often
@ act: breathing with the belly = diaphragm respiration; who: a beginner with stress = anxious people
+ part: belly = abdomen; tool: a mat and a small book = a mat; pos: lie on your back with a pillow under the knees
+ in: four; out: six; set: ten; hand: one hand on the belly and one on the chest
+ load: a book on the belly = extra weight; danger: your fingers tingle; wait: five; weeks: two weeks
+ often: before you go to sleep; goal: the lower hand rises
@ act: breathing through pursed lips = exhaling with whistling lips
+ who: a person with weak lungs = patients with COPD; part: lips = mouth; tool: a chair and a candle = a candle
+ pos: sit down and lean forward on your elbows; in: two; out: four; set: five; hand: both hands on the thighs
+ load: a candle that must not go out = a flame; danger: your lips look blue; wait: three; weeks: one month
+ often: on every staircase; goal: the cheeks stay flat
@ act: breathing into the sides of the chest = expanding the ribs
+ who: a patient after lung surgery = people after a chest operation; part: ribs = rib cage
+ tool: a long scarf = a scarf; pos: sit upright on a stool in front of a mirror; in: three; out: five; set: eight
+ hand: both hands on the lower ribs; load: a scarf pulled around the chest = resistance
+ danger: the scar hurts badly; wait: ten; weeks: three weeks; often: every two hours; goal: the hands move apart
@ act: breathing with a trainer = using the spirometer with three balls
+ who: a patient before an operation = people awaiting surgery; part: chest = lungs
+ tool: the breathing trainer with the mouthpiece = the device; pos: sit up in bed and hold it upright; in: five
+ out: seven; set: six; hand: one hand on the tube; load: the next ball = a higher level
+ danger: you start to cough blood; wait: two; weeks: ten days; often: ten times an hour
+ goal: the ball floats at the top
# hand: place the hands for {act}
Put {hand}. | The hands go like this, {hand}.
They do not press, they only feel.
Let the shoulders sink down. | Keep the shoulders low and the neck long.
? Where do the palms go for {act}?
? Which body part must stay relaxed and low?
# in: breathe in during {act}
Breathe in through the nose. | Take air in slowly through the nose.
Count to {in} while you do so.
Watch that {goal}. | You do it right when {goal}.
? How long does inhaling last?
? How can {who} tell that the inhalation is correct?
# pause: hold the air for a moment
At the top, hold your breath. | Now hold it for a moment.
Two seconds are enough, do not press.
The throat stays open and soft.
? How many seconds is the air kept inside?
? Should the throat be shut in the pause?
# out: breathe out during {act}
Breathe out through a narrow mouth. | Let the air out as if you blow on hot soup.
Count to {out}, it should take longer than before.
Pull the {part} in softly at the end.
? How long should exhaling take?
? How is the mouth shaped to let the air escape?
# rounds: plan the rounds of {act}
That was one round. | We repeat the whole thing.
Do {set} rounds and then rest for a minute.
If you yawn, that is a good sign.
? How many cycles belong to one session?
? What break is needed for {who}?
# load: make {act} harder
When it is easy, add {load}. | To make it stronger, use {load}.
The {part} must work against it, in and out.
Start with three rounds only.
? How can the difficulty be raised?
? How can the {part} be strengthened with {load}?
# cough: cough up phlegm
Afterwards, help the phlegm to come up. | If there is mucus, do not leave it there.
Breathe in, bend forward and cough twice.
Hold a pillow against the {part} when it hurts.
? How is mucus brought out of the airways?
? What lessens pain when coughing?
"""

PRESSURE = """
! ready position stop often
@ act: measuring blood pressure at the upper arm = taking a reading with an arm monitor
+ who: a person with high blood pressure = a hypertensive adult; part: upper arm = biceps
+ tool: the arm monitor with a medium cuff = an automatic device; pos: sit with your back against the chair
+ edge: two fingers above the elbow; mark: the tube runs along the inside of the arm
+ level: lay the arm on the table at heart height; rest: five; gap: one minute
+ limit: one hundred and thirty-five over eighty-five; danger: you have chest pain; wait: ten; weeks: one week
+ often: twice in the morning and twice at night
@ act: measuring blood pressure at the wrist = taking a reading with a wrist monitor
+ who: a traveller with large arms = someone on a journey; part: wrist = pulse
+ tool: the wrist monitor with new batteries = a portable device; pos: sit down and put the elbow on the table
+ edge: one finger below the hand; mark: the display faces you on the inside
+ level: bend the elbow until the wrist is at heart height; rest: five; gap: two minutes
+ limit: one hundred and thirty over eighty; danger: your sight is blurred; wait: five; weeks: two weeks
+ often: on two days of the week
@ act: measuring blood pressure in pregnancy = taking a reading in an expectant woman
+ who: a pregnant woman = a mum-to-be; part: left arm = arm; tool: a tested monitor and her record book = a device
+ pos: sit half upright and lean to the left side; edge: three centimetres above the bend of the arm
+ mark: the arrow points to the artery; level: support the arm with a pillow; rest: ten; gap: three minutes
+ limit: one hundred and forty over ninety; danger: you have a headache and see stars; wait: fifteen
+ weeks: three days; often: every morning before breakfast
@ act: measuring blood pressure by hand = taking a manual reading with a stethoscope
+ who: a nursing student = a trainee; part: upper arm = brachial artery
+ tool: a cuff with a bulb and a stethoscope = a manual set; pos: sit beside the patient
+ edge: two centimetres above the elbow; mark: the bulb hangs free on the outside
+ level: lay the patient's arm flat, palm up; rest: three; gap: one minute
+ limit: one hundred and twenty over eighty; danger: the arm turns purple; wait: two; weeks: ten patients
+ often: on both arms at the first visit
# rest: rest before {act}
Sit still and rest for {rest} minutes. | Before we start, rest for {rest} minutes.
No coffee, no cigarettes, no exercise in the half hour before.
Go to the toilet first, a full bladder raises the numbers.
? How many minutes of quiet are needed in advance?
? Is drinking coffee a problem for the result?
# cuff: put the cuff on the {part}
Put the cuff on bare skin. | Push up the sleeve and wrap the cuff around the {part}.
The edge lies {edge}.
Two fingers should fit under it. | Close it firmly, but two fingers fit under it.
? How far from the joint does the band sit?
? How loose may the band on the {part} be?
# mark: turn the cuff the right way round
Look for the mark on the cuff. | Turn it until it sits right.
Make sure that {mark}.
If it is turned, the numbers will be wrong.
? How is the band rotated for {who}?
? What effect does a twisted band have?
# level: hold the arm at the right height
Now {level}. | The height is important, so {level}.
Let the hand lie open and do not make a fist.
Too low gives a number that is too high.
? At what height is the arm kept?
? What error results from a drooping arm?
# start: take the measurement on the {part}
Press the button or the bulb and keep quiet. | Start it now and do not talk.
The cuff gets tight, that is normal, hold still.
Wait until the pressure is completely gone.
? May {who} speak while the band inflates?
? Is the tight feeling a cause for alarm?
# again: repeat the measurement
Wait {gap} and press again. | We measure a second time after {gap}.
Take the average of the two.
If they are far apart, do a third one.
? What is the interval between two readings?
? Which value counts if both are different?
# read: understand the numbers after {act}
The top number is the pressure when the heart beats. | Let us look at the two numbers.
The lower one is when the heart rests.
The limit here is {limit}.
? From which values on is it too high?
? What do the upper and lower figures mean?
"""

STRETCH = """
! ready position stop often
@ act: stretching a stiff neck = relieving tight muscles below the head; who: people at a desk = computer workers
+ part: neck = nape; tool: a chair without arms = a seat; pos: sit upright and hold the seat with one hand
+ hold: twenty; reps: three; move: tilt the head to the right shoulder; other: turn the chin to the armpit and bend
+ force: the fingers of the right hand; band: a hand towel behind the head = a towel
+ danger: you get pins and needles in the arm; wait: five; weeks: ten days; often: after every hour of work
@ act: stretching the lower back = relieving a tight lumbar spine
+ who: people who lift heavy boxes = warehouse workers; part: lower back = lumbar region
+ tool: an exercise mat = a mat; pos: lie on your back with the knees bent; hold: thirty; reps: four
+ move: pull one knee to the chest; other: let both knees fall to one side; force: both hands below the knee
+ band: a belt behind the thighs = a strap; danger: the pain shoots down the leg; wait: ten; weeks: three weeks
+ often: when you get up
@ act: stretching a frozen shoulder = relieving a stiff shoulder joint; who: people over fifty = middle-aged people
+ part: shoulder = arm joint; tool: a door frame and a towel = a doorway; pos: stand with your side to the wall
+ hold: fifteen; reps: five; move: walk the fingers up the wall; other: bring the arm across the chest
+ force: the other hand at the elbow; band: a bath towel behind the back = a towel
+ danger: the pain wakes you at night; wait: twenty; weeks: six weeks; often: after a warm shower
@ act: stretching the back of the thigh = relieving short hamstrings; who: people who play football = soccer players
+ part: thigh = hamstring; tool: a low bench and a belt = a bench; pos: stand and put one heel on the bench
+ hold: forty; reps: two; move: bend forward with a straight back; other: pull the toes towards the shin
+ force: the hands on the knee; band: a belt around the foot = a strap; danger: you feel a sudden snap; wait: thirty
+ weeks: two months; often: after each training
# warm: warm up the {part}
Rub the {part} with a flat hand until it is warm. | Make small circles to warm up the {part}.
One minute on every side.
Never stretch a cold muscle.
? How is the {part} made ready for pulling?
? What must not be done with cold muscles?
# first: do the first stretch for the {part}
First exercise, {move}. | We begin, so {move}.
Stop where it pulls but does not hurt.
Hold it for {hold} seconds and keep breathing.
Come back slowly and change sides. | Do it {reps} times on each side.
? How many seconds does the opening exercise last?
? How far should {who} go with the main pull?
# force: add pressure with the hands
To go deeper, use {force}. | You can help with {force}.
Press very lightly, the weight of the hand is enough.
Let go at once if it pinches.
? How strong may the help from the hands be?
? How can the effect on the {part} be deepened?
# other: do the second stretch for the {part}
Second exercise, {other}. | The next one is different, {other}.
Hold again for {hold} seconds.
The other side of the body stays on its place.
? What does the alternative exercise for the {part} look like?
? Which body half must not move in the next exercise?
# band: stretch the {part} with {band}
Take {band}. | Here we use {band}.
Pull both ends slowly and keep your elbows bent.
Press against it for five seconds, then relax and pull again.
? What is the purpose of {band} here?
? How is tension and release alternated with {band}?
# strong: strengthen the {part}
A strong muscle does not get stiff so quickly. | Now we make it strong as well.
Press the {part} against your hand or the floor without moving.
Five seconds on, five seconds off, {reps} times.
? How is the {part} trained without any movement?
? What rhythm of work and pause applies?
# posture: protect the {part} in everyday life
In everyday life, do not stay in one position. | Finally, think about your posture.
Change it every half hour and move the {part} a little.
Do not carry a heavy bag on one side.
? Which habits harm the {part}?
? How frequently should the sitting position be altered?
"""

TOPICS: tuple[Topic, ...] = (
    parse_topic("stroke", STROKE),
    parse_topic("breathe", BREATHE),
    parse_topic("pressure", PRESSURE),
    parse_topic("stretch", STRETCH),
)
