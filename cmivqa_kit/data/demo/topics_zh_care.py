"""Chinese topics on first aid, acupoints and measuring (data only; notation in `tables`)."""

from __future__ import annotations

from cmivqa_kit.data.demo.tables import Topic, parse_topic

ACUPOINT = """
! ready wash position stop often
@ act: 按揉合谷穴 = 按压虎口止痛; who: 牙痛的朋友 = 牙疼的人; part: 手背 = 手; point: 合谷穴 = 虎口的穴位
+ tool: 一瓶按摩油; pos: 坐下来把手平放在桌上; find: 第一二掌骨之间的中点; landmark: 拇指和食指; press: 拇指 = 手指
+ reps: 五十; hold: 五; feel: 又酸又胀; partner: 颊车穴 = 脸颊的穴位; danger: 皮肤发红破损; wait: 十; weeks: 三天
+ often: 每天早晚各一次; heat: 热毛巾 = 热敷
@ act: 按揉内关穴 = 按压手腕防晕车; who: 容易晕车的朋友 = 坐车恶心的人; part: 前臂 = 手腕
+ point: 内关穴 = 手腕内侧的穴位; tool: 一个按摩棒; pos: 靠在椅背上掌心朝上; find: 腕横纹上三横指的地方
+ landmark: 两根筋; press: 拇指的指尖 = 指尖; reps: 三十; hold: 三; feel: 发麻发胀; partner: 神门穴 = 小指侧的穴位
+ danger: 心慌得厉害; wait: 五; weeks: 一周; often: 上车前半小时做一次; heat: 生姜片 = 姜片
@ act: 按揉足三里 = 按压小腿调理肠胃; who: 胃痛的朋友 = 肠胃不好的人; part: 小腿 = 腿
+ point: 足三里 = 膝盖下方的穴位; tool: 一根艾条; pos: 坐在凳子上屈膝九十度; find: 外膝眼下面四横指; landmark: 胫骨
+ press: 食指的关节 = 指关节; reps: 一百; hold: 八; feel: 往脚背方向发酸; partner: 中脘穴 = 肚子上的穴位
+ danger: 大便发黑; wait: 二十; weeks: 一个月; often: 饭后一小时做一次; heat: 艾条 = 艾灸
@ act: 按揉太阳穴 = 按压头部缓解头疼; who: 经常头痛的朋友 = 偏头痛的人; part: 额头 = 头部
+ point: 太阳穴 = 眼角旁的穴位; tool: 一把木梳; pos: 闭上眼睛靠在沙发上; find: 眉梢和眼角之间向后一横指
+ landmark: 眉毛; press: 两个中指 = 手指; reps: 四十; hold: 四; feel: 微微发胀; partner: 风池穴 = 后脑的穴位
+ danger: 突然说话不清; wait: 三; weeks: 两周; often: 工作两小时就做一次; heat: 温毛巾 = 热敷
# rub: 先把{part}搓热
先用手掌把{part}搓热 | 第一步 让{part}热起来
来回搓{reps}下 力量不要太大
搓到皮肤有一点发红就够了
? {part}要搓到什么程度？
? 开始之前怎样让{part}的血液流动起来？
# find: 找到{point}的位置
先找位置 先摸到{landmark} | 怎么找呢 先看{landmark}
它就在{find}
按下去有感觉的地方就对了
? {point}具体在哪里？
? 怎么判断自己找对了地方？
? 定位的时候以什么骨头或筋为标志？
# press: 用{press}按{point}
用{press}垂直往下按 | 把{press}放在上面 慢慢按下去
按住{hold}秒钟再松开
感觉到{feel}就可以了
这样一按一松做{reps}次 | 一共按{reps}次
? 每次按下去要停留几秒？
? 按{point}要到什么感觉才有效？
? {point}总共要按多少次？
# circle: 在{point}上打圈揉
按完以后打着圈揉 | 接着不要离开皮肤 打圈揉
先顺时针再逆时针 各{reps}圈
手指带着皮肤一起动 不要摩擦
? 揉的方向和圈数是怎样的？
? 怎样揉才不会磨破皮肤？
# partner: 配合按压{partner}
还可以配合{partner} | 再加一个 {partner}
两个一起按 效果会更好
同样是{reps}下 左右两边都要做
? 哪个穴位可以搭配着一起使用？
? 想加强效果还可以按哪里？
# heat: 用{heat}温热{part}
最后用{heat}放在上面 | 结束的时候用{heat}温一温
离皮肤近一点 但是不要烫伤
大概敷十分钟左右
? 最后的温热要持续多久？
? {heat}怎么用在{part}上？
# avoid: 了解按揉{point}的禁忌
有些人是不能按的 | 这里要提醒大家注意禁忌
怀孕的妇女不要按
有伤口或者刚吃饱饭也不要按
? 哪些人不适合{act}？
? 吃饱了能不能马上操作？
"""

WOUND = """
! ready wash stop often
@ act: 处理手上的烫伤 = 处置被开水烫到的手; who: 被热水烫到的人 = 厨房里受伤的人; part: 手 = 手指
+ tool: 纱布和烫伤膏 = 敷料; rinse: 十五; clean: 流动的凉水; cream: 烫伤膏 = 药膏; cover: 湿润的纱布 = 敷料
+ layers: 两; danger: 起了很大的水泡; wait: 三十; weeks: 五天; often: 每天换一次药; avoid: 抹牙膏和酱油
+ extra: 摘下戒指和手表 = 取下首饰; stop: 疼痛减轻为止
@ act: 处理膝盖的擦伤 = 处置摔破的膝盖; who: 摔倒的孩子 = 跌跤的小朋友; part: 膝盖 = 腿
+ tool: 生理盐水和创可贴 = 消毒用品; rinse: 三; clean: 生理盐水; cream: 碘伏 = 消毒液; cover: 大号的创可贴 = 创口贴
+ layers: 一; danger: 周围又红又肿; wait: 二十; weeks: 一周; often: 每两天换一次药; avoid: 撒消炎药粉
+ extra: 挑出里面的沙子 = 去除异物; stop: 看不到沙子为止
@ act: 处理手臂的割伤 = 处置被刀划破的胳膊; who: 被刀割到的人 = 切菜受伤的人; part: 手臂 = 胳膊
+ tool: 绷带和无菌纱布 = 包扎材料; rinse: 五; clean: 干净的自来水; cream: 碘伏 = 消毒液; cover: 无菌的纱布 = 敷料
+ layers: 三; danger: 血不停往外喷; wait: 十; weeks: 十天; often: 每天早上换药; avoid: 用绳子捆胳膊
+ extra: 把手臂举过心脏 = 抬高患肢; stop: 不再出血为止
@ act: 处理脚上的水泡 = 处置走路磨出的泡; who: 走远路的人 = 长途徒步的人; part: 脚跟 = 脚
+ tool: 消毒的针和棉签 = 针和棉棒; rinse: 八; clean: 温的肥皂水; cream: 消炎药膏 = 药膏; cover: 厚一点的软垫 = 垫子
+ layers: 四; danger: 里面的水变成黄色; wait: 四十; weeks: 三天; often: 每天睡觉前换一次; avoid: 把外面的皮撕掉
+ extra: 在边上扎一个小孔 = 放出液体; stop: 里面的水流完为止
# rinse: 冲洗{part}的伤口
第一件事是冲洗 | 受伤以后马上冲洗{part}
用{clean}冲{rinse}分钟
水流不要太大 一直冲到{stop}
? 受伤的{part}要用水冲多少分钟？
? 用哪种液体清洗伤处？
# extra: 给{who}{extra}
接下来要{extra} | 这个时候请您{extra}
动作要轻 不要硬拉硬扯
如果做不到就留给医生来做
? 怎样安全地{extra}？
? 自己弄不下来的时候怎么办？
# dry: 擦干伤口周围
用干净的纱布把周围的水吸干 | 冲完以后轻轻吸干水分
是按压 不是来回地擦
不要用棉花 因为会粘在上面
? 为什么不能用棉花？
? 伤处四周的水分要怎样去掉？
# cream: 涂{cream}
用棉签蘸一点{cream} | 现在来涂{cream}
从中间往外面画圈
薄薄的一层 不要来回涂
? {cream}按什么顺序涂抹？
? {cream}涂多厚合适？
# cover: 包扎{part}
最后盖上{cover} | 现在我们用{cover}盖住{part}
一共要放{layers}层
边上用胶布固定 不要绕得太紧
? 包{part}要用几层材料？
? 怎么把{cover}固定牢又不勒？
# check: 检查包扎后{part}的血液循环
包完以后按一下指甲或皮肤 | 包好以后看看松紧
松手以后两秒钟要变回红色
如果发紫发凉 就要松开重新包
? 怎么知道是不是裹得太紧？
? 松手以后颜色几秒恢复才正常？
# avoid: 避免处理{part}伤口的错误做法
很多人喜欢{avoid} 这是不对的 | 千万不要{avoid}
这样做容易感染 也会留疤
洗澡的时候用保鲜膜包住
? 处理伤处时哪些做法是错误的？
? 洗澡时怎么保护{part}不沾水？
"""

GLUCOSE = """
! ready wash position stop often
@ act: 给老人测血糖 = 为上年纪的人检测血糖; who: 患糖尿病的老人 = 老年糖友; part: 无名指 = 手指
+ tool: 血糖仪和采血针 = 仪器; pos: 坐在桌子前面手臂下垂; depth: 三; side: 指腹的侧面; first: 第一滴擦掉; wait: 十
+ secs: 五; time: 饭后两小时; limit: 十点零; weeks: 三个月; often: 每周测两天; danger: 头晕出冷汗
+ sugar: 三块方糖 = 糖块; code: 核对试纸上的号码
@ act: 给孕妇测血糖 = 为准妈妈检测血糖; who: 妊娠糖尿病的孕妇 = 怀孕的女性; part: 中指 = 手指
+ tool: 血糖仪和一盒试纸 = 仪器; pos: 坐在沙发上把手放在腿上; depth: 二; side: 指尖的外侧; first: 第一滴不要
+ wait: 十五; secs: 八; time: 饭后一小时; limit: 七点八; weeks: 两周; often: 一天测四次; danger: 胎动变少
+ sugar: 半杯果汁 = 果汁; code: 打开机器看日期
@ act: 给孩子测血糖 = 为小朋友检测血糖; who: 一型糖尿病的孩子 = 得糖尿病的儿童; part: 小指 = 手指
+ tool: 血糖仪和最细的针头 = 仪器; pos: 让孩子坐在您的腿上; depth: 一; side: 指甲的旁边; first: 第一滴用棉签擦掉
+ wait: 五; secs: 六; time: 睡觉之前; limit: 八点三; weeks: 一个月; often: 三餐前后都测; danger: 叫不醒
+ sugar: 一勺蜂蜜 = 蜂蜜; code: 把试纸插到底
@ act: 用动态血糖仪测血糖 = 佩戴传感器监测血糖; who: 血糖波动大的人 = 血糖忽高忽低的人; part: 上臂 = 胳膊
+ tool: 传感器和手机 = 探头; pos: 坐直把手搭在另一边肩膀上; depth: 五; side: 上臂的后外侧; first: 第一个数值不算
+ wait: 六十; secs: 三; time: 凌晨三点; limit: 九点零; weeks: 十四天; often: 每八小时扫描一次; danger: 贴的地方化脓
+ sugar: 四颗硬糖 = 糖果; code: 用手机扫描激活
# code: 调好测血糖的仪器
先把机器准备好 {code} | 第一步 {code}
屏幕亮了再继续
试纸拿出来马上盖好瓶盖
? 仪器开机以后要核对什么？
? 为什么试纸瓶要立刻盖上？
# warm: 让{part}的血流得更好
把{part}搓一搓 再甩一甩 | 先让{part}暖和起来
从根部往尖端推十下
天冷的时候可以用温水泡一泡
? 冬天{part}不容易出血怎么办？
? 采血前怎么促进{part}充血？
# swab: 用酒精给{part}消毒
用酒精棉片擦{part} | 现在给{part}消毒
一定要等它完全干了
碘伏会影响结果 所以不能用
? 为什么不用碘伏？
? 酒精没干就扎会怎样？
# prick: 在{part}上扎针
扎的地方是{side} | 我们选{side}
深度调到{depth}就可以了
贴紧皮肤 按一下就好了
? 在{part}的什么地方扎针不太疼？
? 针的深浅要调到几档？
# drop: 取{part}上的血样
轻轻地从根部往前推 | 不要用力挤 轻轻推
{first}
然后让试纸的边缘碰到它 会自己吸进去
? 首滴血为什么不用，怎么处理？
? 血样是怎么被试纸吸进去的？
# read: 看懂测出来的数值
等{secs}秒钟就会出结果 | 大概{secs}秒以后看屏幕
{time}不要超过{limit}
空腹的时候应该在四点四到七之间
? 多少秒能看到结果？
? 数字高过多少算不正常？
? {who}的血糖控制目标是多少？
# low: 处理低血糖
如果低于三点九 就是低血糖 | 万一数值太低 不要慌
马上吃{sugar}
过十五分钟再测一次
? 数值偏低时应该吃什么？
? 吃完糖以后隔多久复查？
# press: 处理采血后的{part}
用干棉签按住{part} | 最后按住{part}止血
按住一分钟 不要揉
用过的针放进硬的盒子里
? 用完的针头丢到哪里？
? 止血要按住多长时间？
"""

CHOKE = """
! position stop
@ act: 用海姆立克法救成人 = 抢救被食物噎住的大人; who: 噎住的成年人 = 被呛到的大人; part: 肚子 = 腹部
+ pos: 站在他身后一脚在前; place: 肚脐上两横指; hand: 一手握拳另一手包住 = 双手; thrust: 向里向上; reps: 五
+ lean: 上身往前倾; danger: 脸色发紫; wait: 一; call: 服务员 = 旁边的人; weeks: 一天; often: 一直做到吐出来
+ tool: 双手
@ act: 用海姆立克法救婴儿 = 抢救气道堵塞的宝宝; who: 不满一岁的宝宝 = 几个月大的婴儿; part: 胸口 = 胸部
+ pos: 坐下让宝宝趴在前臂上; place: 两个乳头连线的中间; hand: 两根手指 = 指头; thrust: 垂直往下; reps: 五
+ lean: 头低脚高趴着; danger: 哭不出声音; wait: 半; call: 家里的老人 = 家人; weeks: 一天; often: 一直做到哭出来
+ tool: 两根手指
@ act: 用海姆立克法救孕妇 = 抢救噎住的准妈妈; who: 怀孕后期的妇女 = 大肚子的女性; part: 胸口 = 胸部
+ pos: 站在她身后手从腋下穿过; place: 胸骨的正中间; hand: 握拳用虎口对着胸口 = 拳头; thrust: 水平往后; reps: 六
+ lean: 扶着桌子弯腰; danger: 站不住往下滑; wait: 两; call: 她的丈夫 = 家属; weeks: 一天; often: 一直做到能说话
+ tool: 拳头
@ act: 用海姆立克法自救 = 一个人被噎住时救自己; who: 独自在家的人 = 身边没有人的人; part: 肚子 = 腹部
+ pos: 站在一把结实的椅子后面; place: 肋骨下面肚脐上面; hand: 椅背的边缘 = 家具; thrust: 快速往下压; reps: 八
+ lean: 整个身体趴上去; danger: 眼前发黑; wait: 一; call: 一二零 = 急救中心; weeks: 一天; often: 一直做到能呼吸
+ tool: 一把椅子
# see: 判断{who}是不是真的噎住了
先看是不是真的堵住了 | 我们先来判断情况
不能说话 不能咳嗽 手抓住喉咙
如果还能咳嗽 就鼓励他用力咳
? 气道完全阻塞有什么表现？
? 还咳得出来的时候该怎么做？
# call: 在抢救{who}时呼救
马上叫{call}打电话 | 同时请{call}来帮忙
说清楚地址和发生了什么
电话不要挂 打开免提
? 求救电话里要说哪些信息？
? 找谁帮忙联系急救？
# back: 拍{who}的后背
先让身体前倾 {lean} | 第一步拍背 {lean}
用掌根拍两个肩胛骨的中间
用力拍{reps}下 每次都看看出来没有
? 背部要拍打几下？
? 用手的哪个部位拍，拍什么地方？
# place: 找到冲击{part}的位置
再来找位置 在{place} | 要压的地方是{place}
用的是{hand}
不要压到肋骨的尖上
? 冲击的准确位置在哪里？
? 为什么要避开肋骨的尖端？
# thrust: 冲击{part}
然后{thrust}用力 | 用力的方向是{thrust}
连续做{reps}次 每次都要有力
两次之间要完全放松
? 力气应该往哪个方向用？
? 连续冲击多少次为一组？
# mouth: 检查{who}的嘴里
每做完一组就看看嘴里 | 打开嘴巴看一看
看得见的东西才可以拿出来
看不见的时候千万不要用手掏
? 能不能把手伸进去抠？
? 什么情况下可以取出异物？
# faint: 处理{who}失去意识的情况
如果昏过去了 就放平在地上 | 万一没有反应了 让身体平躺
按压胸口三十下 再吹两口气
一直做到救护车来
? 不省人事以后怎么继续抢救？
? 按压和吹气的比例是多少？
# after: 在异物出来以后照顾好{who}
出来以后也要去医院检查 | 就算吐出来了 也不要大意
因为内脏可能会受伤
两个小时之内先不要吃东西
? 异物排出之后还用看大夫吗？
? 之后多长时间不能进食？
"""

TOPICS: tuple[Topic, ...] = (
    parse_topic("acupoint", ACUPOINT),
    parse_topic("wound", WOUND),
    parse_topic("glucose", GLUCOSE),
    parse_topic("choke", CHOKE),
)
