"""Chinese topics on exercise, rehabilitation and breathing (data only; notation in `tables`)."""

from __future__ import annotations

from cmivqa_kit.data.demo.tables import Topic, parse_topic

EXERCISE = """
! ready position stop often
@ act: 做颈椎操 = 锻炼脖子; who: 整天低头的人 = 长期看手机的人; part: 脖子 = 颈部; tool: 一把椅子和一条毛巾 = 椅子
+ pos: 坐在椅子前面三分之一; move: 头慢慢往右边倒; other: 下巴往后收; lift: 双手抱头往后顶; hold: 十; reps: 八
+ danger: 手臂发麻; wait: 五; weeks: 两周; often: 每工作一小时做一遍; band: 毛巾放在后脑 = 毛巾; habit: 枕头不要太高
@ act: 做腰椎操 = 锻炼腰部; who: 腰间盘突出的人 = 腰疼的人; part: 腰 = 腰部; tool: 一张瑜伽垫 = 垫子
+ pos: 平躺在垫子上屈膝; move: 抱住一条腿往胸口拉; other: 两个膝盖倒向一边; lift: 抬起屁股像一座桥; hold: 十五
+ reps: 十; danger: 疼痛窜到小腿; wait: 十; weeks: 一个月; often: 早上起床后做一遍; band: 弹力带套在膝盖上 = 弹力带
+ habit: 搬东西先蹲下
@ act: 做肩周操 = 锻炼肩膀; who: 肩周炎的人 = 胳膊抬不高的人; part: 肩膀 = 肩关节; tool: 一根木棍 = 棍子
+ pos: 侧身站在墙的旁边; move: 手指顺着墙往上爬; other: 手臂从胸前横过去; lift: 双手在背后往上抬; hold: 二十
+ reps: 十二; danger: 夜里疼醒; wait: 二十; weeks: 六周; often: 洗完热水澡做一遍; band: 木棍横在身后 = 棍子
+ habit: 睡觉不要压着它
@ act: 做膝关节操 = 锻炼膝盖; who: 膝盖有积液的人 = 上下楼腿疼的人; part: 膝盖 = 膝关节
+ tool: 一个枕头和弹力带 = 枕头; pos: 坐在床边小腿下垂; move: 把小腿慢慢伸直; other: 趴下来弯曲小腿
+ lift: 伸直整条腿离开床面; hold: 六; reps: 十五; danger: 关节突然卡住; wait: 十五; weeks: 三个月
+ often: 吃完晚饭做一遍; band: 弹力带绑在脚踝 = 弹力带; habit: 少爬山少下蹲
# warm: 给{part}热身
先用手掌搓一搓{part} | 开始之前让{part}热起来
前后左右各活动五下
冷的时候不要突然用力
? {part}怎么做准备活动？
? 热身时各个方向活动几下？
# first: 做锻炼{part}的第一个动作
第一个动作 {move} | 首先{move}
感觉到有拉伸就停住
保持{hold}秒钟 不要憋气
两边各做{reps}次
? 第一节操要坚持多少秒？
? {part}第一节操每边做几次？
# other: 做锻炼{part}的第二个动作
第二个动作 {other} | 接着{other}
慢慢地做 不要晃动
同样停{hold}秒 再回到中间
? {part}第二节操怎么完成？
? 第二节操停多久回到原位？
# lift: 练习{part}的力量
第三个动作 {lift} | 然后我们来练力量 {lift}
用力的时候呼气 放松的时候吸气
做{reps}次为一组 一共做三组
? 增强{part}肌肉的一节操怎么做？
? 力量练习一共做几组？
? 什么时候呼气什么时候吸气？
# band: 借助{band}锻炼{part}
把{band} | 再加一点难度 {band}
两头慢慢拉开 停五秒
回来的时候也要控制住
? 借助{band}能怎么加大难度？
? 拉开以后停几秒再放回？
# relax: 放松{part}的肌肉
最后放松 用手揉一揉{part} | 做完以后要放松{part}
找到最酸的地方按住十秒
拍一拍 抖一抖
? 结束后{part}发酸怎么缓解？
? 痛点要按住多长时间？
# habit: 在生活中保护{part}
平时{habit} | 生活里也要注意 {habit}
同一个姿势不要超过半小时
注意保暖 不要吹空调
? 日常要改掉哪些坏习惯？
? {part}平时怎么保养？
"""

HEMI = """
! ready position stop often
@ act: 做偏瘫手臂的训练 = 帮中风病人锻炼上肢; who: 手臂抬不起来的病人 = 上肢无力的中风患者; part: 手臂 = 胳膊
+ tool: 一张桌子和毛巾 = 桌子; pos: 坐在桌前双脚踩实; move: 双手交叉往上举; back: 慢慢放回桌上; reps: 十; hold: 五
+ danger: 肩膀剧烈疼痛; wait: 五; weeks: 六周; often: 每天做三次; tip: 手指 = 手; joint: 肩膀和手肘; stand: 撑住桌面
@ act: 做偏瘫手指的训练 = 帮中风病人打开拳头; who: 手指伸不直的病人 = 手部痉挛的中风患者; part: 手 = 手指
+ tool: 软球和木钉 = 小球; pos: 坐下来前臂放在枕头上; move: 把手指一根一根打开; back: 再慢慢握住球; reps: 十五
+ hold: 三; danger: 手指抽筋; wait: 三; weeks: 两个月; often: 每小时做五分钟; tip: 指尖 = 手; joint: 手腕和指关节
+ stand: 按在床面上
@ act: 做偏瘫腿部的训练 = 帮中风病人锻炼下肢; who: 走路拖脚的病人 = 下肢无力的中风患者; part: 腿 = 下肢
+ tool: 硬板床和弹力带 = 弹力带; pos: 平躺在床上膝盖弯曲; move: 把脚跟抬起来伸直; back: 弯曲膝盖放下来; reps: 八
+ hold: 六; danger: 小腿又肿又痛; wait: 十; weeks: 一个月; often: 起床前和睡觉前做; tip: 脚趾 = 脚
+ joint: 膝盖和脚踝; stand: 踩住床面
@ act: 做偏瘫坐起的训练 = 帮中风病人从床上坐起; who: 自己坐不起来的病人 = 长期躺着的中风患者; part: 身体 = 躯干
+ tool: 带护栏的床 = 床; pos: 平躺在床边双手抱住; move: 翻向好的一边把腿放下床; back: 再慢慢躺回去; reps: 六
+ hold: 十; danger: 头晕眼前发黑; wait: 十五; weeks: 三周; often: 每顿饭前做; tip: 手脚 = 四肢; joint: 腰和髋部
+ stand: 用好的手撑床
# loosen: 放松{who}的{part}
先从{tip}往上轻轻地揉 | 训练之前先放松{part}
活动一下{joint} 各{reps}下
肌肉紧的时候不要硬掰
? 肌肉绷得很紧时怎么办？
? 锻炼前家属怎样揉{part}？
# assist: 帮助{who}活动{part}
家属托住下面 帮他活动 | 一开始由家属帮忙
帮他{move}
到有阻力的地方停{hold}秒
? 家里人怎样带着病人动？
? 碰到阻力时要停留几秒？
# move: 让{who}自己活动{part}
现在自己来 {move} | 好 这次不要别人帮忙 {move}
停{hold}秒钟 {back}
一共做{reps}次 累了就休息
? 病人自己主动做多少次？
? 主动的动作怎么完成？
# weight: 让{part}承受重量
用有病的一边{stand} | 接下来练习负重 {stand}
把身体的重量慢慢移过去
坚持{hold}秒 再移回来
? 重心应该往哪边转移？
? 患侧支撑练习坚持多少秒？
# mirror: 对着镜子训练{part}
面前放一面镜子 只看好的一边 | 我们也可以用镜子来练
好的一边动 想象两边一起动
每次做{reps}分钟
? 镜像疗法应该看哪一侧？
? 用镜子练习一次要几分钟？
# dress: 给{who}穿衣服
穿衣服也是训练 | 生活里的动作也很重要 比如穿衣
先穿有病的一边 再穿好的一边
脱的时候正好反过来
? 穿脱衣物的先后顺序是什么？
? 怎样把康复练习放进日常生活？
# rest: 摆放好{who}的{part}
休息的时候在{part}下面垫枕头 | 训练完要把{part}放好
{tip}要张开 不要悬空
每两个小时换一次姿势
? 休息时{part}下面要垫什么？
? 隔多久变换一次体位？
"""

INHALE = """
! ready wash position stop often
@ act: 给孩子做雾化 = 帮小朋友吸入药雾; who: 咳嗽的孩子 = 患支气管炎的儿童; part: 口鼻 = 嘴和鼻子
+ tool: 雾化机和小面罩 = 面罩; pos: 把孩子抱在怀里坐直; dose: 两毫升; mins: 十; seal: 面罩盖住口鼻
+ breath: 平静地呼吸; hold: 一; danger: 孩子哭得喘不过气; wait: 五; weeks: 五天; often: 一天做两次
+ clean: 洗脸漱口 = 清洁面部; trick: 讲个故事分散注意力
@ act: 使用哮喘气雾剂 = 用喷雾控制哮喘; who: 哮喘的病人 = 气喘发作的人; part: 嘴 = 口腔; tool: 气雾剂和储雾罐 = 喷剂
+ pos: 站直或者坐直头稍后仰; dose: 一喷; mins: 一; seal: 嘴唇包住喷口; breath: 慢慢地深吸气; hold: 十
+ danger: 嘴唇发紫; wait: 三; weeks: 三个月; often: 早晚各用一次; clean: 用清水漱口 = 漱喉咙
+ trick: 按下去的同时吸气
@ act: 使用干粉吸入剂 = 用粉末药控制慢阻肺; who: 慢阻肺的病人 = 肺功能差的老人; part: 嘴 = 口腔
+ tool: 一个干粉吸入器 = 吸入装置; pos: 坐直身体把装置拿平; dose: 一格药粉; mins: 两; seal: 嘴唇含紧吸嘴
+ breath: 又快又用力地吸气; hold: 八; danger: 心跳得很快; wait: 十; weeks: 两个月; often: 每天早上用一次
+ clean: 漱口再吐掉 = 漱喉咙; trick: 不要对着它吹气
@ act: 在家里吸氧 = 家庭氧气治疗; who: 缺氧的老人 = 血氧偏低的人; part: 鼻子 = 鼻孔; tool: 制氧机和鼻导管 = 氧气管
+ pos: 半躺在床上靠着枕头; dose: 两升的流量; mins: 六十; seal: 导管绕过耳朵固定好; breath: 用鼻子慢慢吸气; hold: 二
+ danger: 特别想睡觉叫不醒; wait: 二十; weeks: 一个月; often: 每天吸够十五个小时; clean: 擦干净鼻子里面 = 清洁鼻腔
+ trick: 一定要远离明火
# load: 加好{act}用的剂量
先打开盖子 加{dose} | 每次的量是{dose}
看清楚刻度和日期
轻轻摇一摇 装好以后不要倒过来
? 每回的用量是多少？
? 装好药以后要避免什么？
# exhale: 在{act}前把气呼出来
先把肺里的气慢慢呼出来 | 在吸之前先呼气
头转到一边 呼到不能再呼
肩膀放下来 不要耸肩
? 吸之前肺里的空气怎么排空？
? 呼气的时候脸朝哪里？
# seal: 让装置贴紧{part}
然后{seal} | 现在把{seal}
不要漏气 边上用手摸一摸
不舒服的话稍微调整一下位置
? 怎么防止从{part}旁边漏出来？
? 装置在{part}上怎么固定？
# inhale: {act}时吸气
打开以后 {breath} | 现在{breath}
小窍门是{trick}
一次大概需要{mins}分钟
? 吸的快慢和力度怎么掌握？
? 整个过程需要几分钟？
? 有什么小技巧让{who}更好地配合？
# hold: 吸完以后屏住气
吸满以后屏住气{hold}秒 | 不要马上呼 停{hold}秒钟
让药有时间留在里面
然后用鼻子慢慢地呼出来
? 憋气要憋多少秒？
? 吸饱以后为什么不能立刻呼？
# rinse: 在{act}后{clean}
做完以后马上{clean} | 千万别忘了{clean}
这样可以避免口腔和皮肤的问题
然后喝几口温水
? 使用完毕以后怎样清洁身体？
? 不做善后清洁有什么坏处？
# wash: 清洗{act}的装置
每次用完都要清洗 | 最后来洗装置
用温水冲干净 自然晾干
每周用白醋泡半小时消毒
? 用过的器具多久消毒一次？
? 器具用什么泡，泡多长时间？
# pat: {act}后拍背排痰
过一会儿可以拍拍背 | 最后帮助把痰排出来
手掌弯成空心 从下往上拍
拍五分钟 然后用力咳两下
? 怎样让痰更容易咳出来？
? 叩背时手是什么形状，朝哪个方向？
"""

BEDCARE = """
! ready wash stop often
@ act: 给卧床老人翻身 = 帮助躺着的老人换体位; who: 长期卧床的老人 = 不能下床的老年人; part: 后背 = 背部
+ tool: 三个枕头和一条床单 = 枕头; hold: 肩膀和髋部; move: 一起用力翻向自己; pad: 两个膝盖之间夹一个枕头; hours: 两
+ look: 尾骨和脚跟; danger: 皮肤发黑破溃; wait: 三十; weeks: 一周; often: 白天每两小时做一次; angle: 三十
+ cream: 润肤油 = 护肤品
@ act: 把病人从床移到轮椅 = 帮助病人坐上轮椅; who: 不能走路的病人 = 下肢瘫痪的人; part: 腿 = 下肢
+ tool: 一台轮椅和一条腰带 = 轮椅; hold: 腰带和后背; move: 数一二三站起来转身; pad: 坐垫上铺一块软垫; hours: 一
+ look: 屁股和大腿; danger: 头晕脸色发白; wait: 十; weeks: 两周; often: 上午和下午各一次; angle: 四十五
+ cream: 爽身粉 = 粉
@ act: 给卧床病人洗头 = 帮助躺着的病人清洁头发; who: 骨折后不能动的病人 = 打着石膏的人; part: 头 = 头部
+ tool: 洗头盆和温水 = 水盆; hold: 脖子和后脑; move: 把头移到床边放进盆里; pad: 脖子下面垫一卷毛巾; hours: 半
+ look: 耳朵后面和头皮; danger: 觉得冷或者胸闷; wait: 五; weeks: 三天; often: 每周做两次; angle: 十五
+ cream: 护发素 = 护理液
@ act: 给卧床病人换床单 = 帮助躺着的病人更换床铺; who: 手术后的病人 = 刚开完刀的人; part: 伤口 = 刀口
+ tool: 干净的床单和护栏 = 床上用品; hold: 肩膀和膝盖; move: 翻到一边把旧床单卷起来; pad: 腰的下面垫一个软枕
+ hours: 三; look: 伤口和引流管; danger: 伤口渗血; wait: 十五; weeks: 五天; often: 每天早上做一次; angle: 六十
+ cream: 清洁液 = 清洗剂
# tell: 在{act}前做好沟通
先告诉他要做什么 | 第一步是说清楚 让他放心
关好门窗 拉上窗帘
把刹车锁住 把管子放好
? 动手之前要和病人说什么？
? 环境和管子要怎样安置？
# hold: 扶住{who}
两只手放在{hold} | 现在扶住{hold}
自己的膝盖弯曲 背要直
靠得越近越省力
? 护理的人双手应该放在哪里？
? 怎样用力才不伤自己的腰？
# move: 移动{who}
然后{move} | 好 现在{move}
动作要稳 不要拖也不要拉
角度大概是{angle}度
? 挪动时转多少度合适？
? 怎样挪动才不会擦伤皮肤？
# pad: 给{who}垫好枕头
接着{pad} | 位置摆好以后 {pad}
{part}不要受压
手脚都要放在舒服的位置
? 软垫要放在什么地方？
? 怎样不让{part}受到压迫？
# look: 检查{who}的皮肤
趁这个时候看一看皮肤 | 每次都要检查皮肤
特别是{look}
按一下发红的地方 看能不能变白
? 哪些部位最要留心观察？
? 发红的地方按压后怎样算正常？
# wipe: 清洁{who}的皮肤
用温水擦一擦 从上往下 | 接下来用温毛巾擦干净
擦完以后抹一点{cream}
发红的地方不要按摩
? 皮肤清洗后可以涂什么？
? 红了的皮肤能不能揉？
# time: 安排下一次给{who}换姿势
{hours}个小时以后再换一次 | 同一个姿势不要超过{hours}小时
在墙上贴一张表 写上时间
晚上也可以定一个闹钟
? 同一个体位最长保持多久？
? 怎样记住下一回的时间？
# drink: 在{act}后照顾{who}
做完以后让他休息一下 | 最后给他喝几口温水
抬高床头{angle}度再喝
把呼叫铃放在手边
? 结束后床头抬到多少度？
? 离开之前要把什么放在手边？
"""

TOPICS: tuple[Topic, ...] = (
    parse_topic("exercise", EXERCISE),
    parse_topic("hemi", HEMI),
    parse_topic("inhale", INHALE),
    parse_topic("bedcare", BEDCARE),
)
