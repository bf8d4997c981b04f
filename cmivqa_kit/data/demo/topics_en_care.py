"""English topics on first aid and nursing care (data only; notation in `tables`)."""

from __future__ import annotations

from cmivqa_kit.data.demo.tables import Topic, parse_topic

WRAP = """
! ready position stop often
@ act: wrapping a sprained ankle = bandaging a twisted foot; who: a runner = someone who stumbled while jogging
+ part: ankle = foot joint; tool: an elastic bandage and a cold pack = a stretchy wrap; prop: two pillows = cushions
+ pos: sit down and rest the heel on a stool; start: the ball of the foot = the forefoot
+ end: the lower calf = the shin; tip: toe = foot; turns: three; ice: fifteen; danger: the toes turn white or cold
+ wait: thirty; weeks: five days; often: fresh every morning for a week
@ act: wrapping a sprained wrist = bandaging a twisted hand; who: an office worker = someone who fell on their palm
+ part: wrist = hand joint; tool: a narrow elastic bandage and some ice = a stretchy wrap
+ prop: a folded blanket = a blanket; pos: sit down and lay the forearm on the table
+ start: the palm below the fingers = the palm; end: the middle of the forearm; tip: finger = hand; turns: two
+ ice: ten; danger: the fingers tingle or go numb; wait: twenty; weeks: one week; often: every evening after a wash
@ act: wrapping a swollen knee = bandaging a puffy leg; who: a hiker = someone who came back from the mountains
+ part: knee = kneecap; tool: a wide elastic bandage and frozen peas = a broad stretchy wrap
+ prop: a sofa cushion = a cushion; pos: lie on your back with the leg slightly bent
+ start: the top of the shin = below the joint; end: the lower thigh; tip: toe = foot; turns: four; ice: twenty
+ danger: the calf becomes hot and hard; wait: forty; weeks: ten days; often: again whenever it slips down
@ act: wrapping a sore elbow = bandaging a painful arm; who: a tennis player = someone who plays racket sports
+ part: elbow = arm joint; tool: an adhesive bandage and a cold gel pack = a sticky wrap
+ prop: a rolled towel = a towel roll; pos: stand up and bend the arm at a right angle
+ start: the upper forearm = below the joint; end: the middle of the upper arm; tip: finger = hand; turns: two
+ ice: twelve; danger: the hand swells or turns blue; wait: fifteen; weeks: two weeks
+ often: before every match and take it off at night
# cool: cool the {part} first
First of all, put something cold on the {part}. | Before the bandage comes the cold pack on the {part}.
Fold a thin towel round it so that it never touches the skin.
Hold it there for {ice} minutes and then take a break.
? How many minutes should ice stay on the {part}?
? Why must frozen things be kept off bare skin?
? How is swelling of the {part} brought down at the beginning?
# anchor: begin the bandage at {start}
Place the end of the roll at {start}. | We start the roll at {start}.
Go round {turns} times without pulling, so that it holds.
Each turn should cover half of the one before.
? Where does the first layer of the dressing go?
? How much do the layers overlap when you begin?
? How many loops fix the loose end at {start}?
# eight: make the crossing turns around the {part}
Now bring the roll up across the front. | Next, lead the roll across the {part} at an angle.
Go behind the {part} and come down on the other side.
That makes a figure of eight, and you repeat it {turns} times.
The crossing should always lie in the middle.
? How is the criss-cross pattern formed around the {part}?
? In what shape is the roll guided over the joint?
# tension: get the pressure of the bandage right
It should feel firm but never tight. | Pull gently, about half of what the bandage would give.
Slide one finger under the edge to test it.
If the finger does not fit, open the last turns and press less.
? How tight may the dressing on the {part} be?
? How can I test whether I pulled too hard?
# fasten: fasten the bandage at {end}
Finish the last turn at {end}. | The bandage ends at {end}.
Fasten it with a strip of tape, not with the metal clips. | Stick it down with two strips of tape.
Press the tape flat so that nothing can catch on it.
? How do I secure the loose end when the roll runs out?
? Where should the dressing on the {part} finish?
# nail: check the blood flow below the bandage
Press one {tip}nail for two seconds and let go. | Take a {tip} and press on the nail.
The pink colour should be back straight away.
Ask whether the {tip}s feel cold, and bend and stretch them.
? How can I find out if the circulation in the {tip} is cut off?
? What should the colour look like after squeezing a nail?
# raise: rest with the {part} up high
Put {prop} under the {part}. | When it is done, lift it on {prop}.
It should lie higher than your heart.
Keep still for half an hour and hold it up as often as you can today.
? How high should the limb be kept afterwards?
? What can be put below the {part} while resting?
"""

CHOKE = """
! position stop
@ act: helping a choking adult = rescuing a grown-up with food stuck in the throat
+ who: a grown man = a man at the dinner table; part: belly = stomach; pos: stand behind him with one foot forward
+ blow: five; place: just above the navel = the navel; hands: a fist covered by the other hand
+ thrust: inwards and upwards; danger: he becomes weak or grey; wait: two; weeks: one day; often: until it is out
+ tool: your hands; lean: over your arm = forwards; call: the waiter = somebody nearby
@ act: helping a choking child = rescuing a schoolboy who swallowed a sweet
+ who: a child of seven = a boy at primary school; part: belly = tummy
+ pos: kneel behind the child at the same height; blow: five; place: a little above the navel = the navel
+ hands: one fist only, held by the other hand; thrust: gently in and up; danger: the child stops crying; wait: one
+ weeks: one day; often: until it is out; tool: your hands; lean: over your knee = forwards
+ call: a teacher = another adult
@ act: helping a choking baby = rescuing an infant whose airway is blocked
+ who: a baby under one year = a newborn or infant; part: chest = breastbone
+ pos: sit down and lay the baby along your forearm; blow: five; place: between the nipples = the ribs
+ hands: two fingers; thrust: straight down by a third of the chest; danger: the lips turn blue; wait: one
+ weeks: one day; often: until it is out; tool: your hands; lean: head down along the arm = face down
+ call: the neighbours
@ act: helping a choking pregnant woman = rescuing an expectant mother who cannot breathe
+ who: a woman in late pregnancy = a mum-to-be; part: chest = breastbone
+ pos: stand behind her with your arms under her armpits; blow: five; place: the middle of the breastbone
+ hands: a fist with the thumb side in; thrust: straight back towards you; danger: she slides to the floor
+ wait: two; weeks: one day; often: until it is out; tool: your hands; lean: forward over a chair = forwards
+ call: her partner = a relative
# see: recognise the signs of {act}
How do we know it is serious? | First you must see whether the airway is really closed.
There is no sound, no cough, and the face goes red.
Hands go to the throat, and the eyes are wide open.
If there is still a strong cough, do not press, just stay close.
? Which signs show that the throat is completely closed?
? What should I do if {who} can still cough?
# shout: call for help during {act}
Call {call} at once and ask them to phone an ambulance. | Shout loudly, so that {call} can phone an ambulance.
Say the address and that someone cannot breathe.
Never leave the person alone to find a telephone.
? Who ought to ring the emergency number?
? What information does the ambulance service need?
# back: give the blows between the shoulder blades
Lean {who} {lean}. | Begin with the back, so lean {who} {lean}.
Use the heel of your hand, right between the shoulder blades.
Give {blow} firm blows and look after each one.
? How many slaps on the back are needed?
? Which part of the palm strikes {who} and where?
? How is the upper body held for hitting the back?
# hand: find the place for the hands on the {part}
Now the hands, take {hands}. | For the thrusts you need {hands}.
Put it on the {part}, {place}.
Stay away from the tip of the ribs, because it can break.
? Where exactly do the fingers or fists go for compressions?
? Which spot on the {part} should be avoided?
# thrust: do the thrusts on the {part}
Press {thrust}. | Then press hard, {thrust}.
Do that {blow} times, each one as a single movement.
Let go fully between two thrusts but keep your hands there.
? In what direction is the force applied to {who}?
? How often is the squeeze repeated before changing over?
# mouth: look into the mouth of {who}
Open the mouth and look inside. | After every round, have a look in the mouth.
Take the object out only if you can see it.
Never poke around with a finger, you could push it deeper.
? Is it allowed to sweep the mouth with a finger?
? When may the piece of food be pulled out by hand?
# faint: react when {who} passes out
If the person faints, lay the body flat on the floor. | And when the person loses consciousness, go down to the floor.
Start to press the middle of the chest thirty times.
Then give two breaths and go on until help arrives.
? What happens next if {who} becomes unconscious?
? How many compressions and breaths follow a collapse?
"""

INJECT = """
! ready wash position stop often
@ act: injecting insulin into the belly = taking a diabetes shot in the tummy
+ who: a person with diabetes = a diabetic adult; part: belly = abdomen
+ tool: the insulin pen, a new needle and a swab = a pen and needles; pos: sit down and free the belly
+ spot: two fingers away from the navel = the area near the navel; angle: straight; hold: ten
+ prime: two units = a small dose; danger: you feel shaky and sweat; wait: fifteen; weeks: three months
+ often: before each meal
@ act: injecting insulin into the thigh = taking a diabetes shot in the leg
+ who: a teenager with diabetes = a diabetic youngster; part: thigh = upper leg
+ tool: a thin insulin syringe and a vial = a syringe and bottle; pos: sit on a chair and relax the leg
+ spot: the outer side, a hand above the knee = the outside; angle: slanted, at forty-five degrees; hold: six
+ prime: the air bubbles; danger: your heart races and your hands tremble; wait: ten; weeks: two months
+ often: once at bedtime
@ act: injecting a blood thinner = giving an anti-clotting shot
+ who: a patient after surgery = somebody recovering from an operation; part: belly = side of the abdomen
+ tool: a ready-made syringe and a sharps box = a prefilled syringe; pos: lie down and bend the knees
+ spot: the left or right side, a palm from the navel = the flank; angle: straight; hold: five
+ prime: nothing, the bubble stays; danger: a bruise grows larger than a coin; wait: sixty; weeks: ten days
+ often: at the same hour every evening
@ act: injecting a vaccine into the upper arm = giving a flu jab; who: an adult at the clinic = a clinic visitor
+ part: shoulder muscle = deltoid; tool: the vaccine, a long needle and a plaster = a vaccine dose
+ pos: let the arm hang loosely; spot: three fingers below the bone of the shoulder; angle: straight and quickly
+ hold: two; prime: one drop = a tiny drop; danger: the face swells or breathing gets hard; wait: fifteen
+ weeks: four weeks; often: once every autumn
# spot: choose the place on the {part}
Choose a place on the {part}. | We inject here, into the {part}.
The best area is {spot}.
Move two centimetres away from where you were last time.
Never use skin that is red, hard or bruised.
? Which region of the {part} is suitable for the needle?
? Why should the site be changed from one day to the next?
# swab: disinfect the skin of the {part}
Wipe the skin with the alcohol swab. | Take the swab and clean the place from the middle outwards.
Let it dry in the air for half a minute.
Do not blow on it and do not touch it again.
? How is the skin of the {part} made germ-free?
? Is fanning or blowing the alcohol dry a good idea?
# prime: let the air out of the needle
Pull off the cap and hold the needle upwards. | Now hold it with the needle pointing up.
Tap it so that the bubbles rise.
Push out {prime}, so you know that it works.
? What should leave the tip before the real dose?
? How are air bubbles removed?
# fold: hold the skin of the {part}
Use the thumb and one finger to lift a fold of skin. | Pinch the skin on the {part} softly.
Hold it loosely, do not press it hard.
Keep the fold until the needle is out again.
? With which fingers is the skin pinched?
? How long do I keep the fold on the {part}?
# push: push the needle into the {part}
Put the needle in {angle}. | Go in {angle}, with one calm movement.
Press the plunger all the way down slowly.
Then count to {hold} before you pull it out. | Hold still and count to {hold}.
? At what angle does the needle enter the {part}?
? How many seconds do I wait until the needle is withdrawn?
# press: care for the skin after {act}
Press a dry swab on it for a moment. | Hold a dry swab on the place.
Do not rub, because rubbing makes bruises.
A drop of blood is nothing to worry about.
? Is massaging the puncture a good idea afterwards?
? What can be done about a little bleeding on the {part}?
# sharp: throw the used needle away
Put the used needle into a hard container. | Drop it straight into the sharps container.
Never put the cap back on, that is how people get hurt.
When the box is full, take it to the pharmacy.
? Where does the old needle go?
? Why is recapping a bad habit?
"""

DROPS = """
! ready wash position stop often
@ act: putting in eye drops = applying liquid eye medicine
+ who: an older person with glaucoma = a senior with high eye pressure; part: eye = eyeball
+ tool: the small bottle and a tissue = a dropper; pos: sit down and tilt the head back; count: one drop
+ pull: pull the lower lid down with a finger; aim: into the pocket of the lid; keep: two
+ near: the inner corner of the eye; danger: the eye becomes very red; wait: thirty; weeks: four weeks
+ often: every morning and night; warm: at room temperature
@ act: putting in ear drops = applying liquid ear medicine
+ who: a swimmer with an ear infection = someone with otitis; part: ear = ear canal
+ tool: the ear drops and a cotton ball = ear medicine; pos: lie down on the good side; count: four drops
+ pull: pull the ear up and back; aim: along the wall of the canal; keep: five
+ near: the small flap in front of the ear; danger: you get dizzy or hear less; wait: ten; weeks: one week
+ often: three times a day; warm: in your hand for two minutes
@ act: putting ear drops into a child's ear = medicating a toddler's ear; who: a toddler = a small kid
+ part: ear = ear canal; tool: the ear drops and a favourite toy = ear medicine and a distraction
+ pos: lay the child across your lap; count: three drops; pull: pull the ear down and back
+ aim: along the side of the canal; keep: three; near: the flap of the ear; danger: fluid or blood comes out
+ wait: five; weeks: three days; often: twice a day after meals; warm: in your pocket for a while
@ act: putting in nose drops = applying liquid nasal medicine
+ who: someone with a bad cold = a person with a blocked nose; part: nose = nostril
+ tool: the nose drops and paper handkerchiefs = nasal medicine; pos: lie down and let the head hang over the edge
+ count: two drops; pull: push the tip of the nose up; aim: towards the side of the nose; keep: one
+ near: the side of the nose; danger: the nose bleeds; wait: twenty; weeks: five days
+ often: every six hours, not longer than a week; warm: at room temperature
# warm: prepare the bottle of drops
Keep the bottle {warm}. | The liquid should not be cold, so keep it {warm}.
Shake it well and take off the cap.
Do not let the tip touch anything at all.
? How is the medicine brought to the correct temperature?
? Why should the nozzle stay clear of the fingers?
# wipe: clean around the {part}
Take a damp cotton pad and wipe around the {part}. | Clean the {part} with a damp pad.
Use a new pad for every wipe.
Go from the inside to the outside and do not press.
? How is crust or discharge removed from the {part}?
? How many pads are needed for cleaning?
# open: open up the {part}
With your other hand, {pull}. | Now gently {pull}.
That makes the way straight and wide.
Hold it like that until we are finished. | Keep holding it with a steady hand.
? In which direction is the {part} drawn?
? How do I widen the way for the liquid?
# squeeze: squeeze the drops into the {part}
Hold the bottle close above, but do not touch. | Bring the bottle over the {part}.
Squeeze {count}, {aim}.
Count aloud so that you do not take too many. | If one misses, simply give another.
? How many drops does {who} need?
? Where must the liquid land in the {part}?
# massage: press beside the {part}
Press softly on {near}. | Then put a finger on {near} and press.
Hold that for one minute.
It helps the medicine to stay and to go where it should.
? Which place is massaged once the liquid is in?
? Why is gentle pressure useful after the dose?
# stay: keep still after {act}
Stay like this for {keep} minutes. | Do not get up, keep still for {keep} minutes.
Breathe calmly through the mouth.
Wipe away what runs out with a tissue.
? How many minutes must {who} stay motionless?
? What about liquid that runs out again?
# other: treat the second {part}
For the other side, wait {keep} minutes. | Then you can do the second side.
Turn round and do exactly the same.
If you have two medicines, leave ten minutes between them.
? How much time passes before the opposite side gets its turn?
? Can two different bottles be used directly one after another?
"""

TOPICS: tuple[Topic, ...] = (
    parse_topic("wrap", WRAP),
    parse_topic("choke", CHOKE),
    parse_topic("inject", INJECT),
    parse_topic("drops", DROPS),
)
