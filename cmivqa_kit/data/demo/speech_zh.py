"""Chinese chatter, shared steps and question frames (data only)."""

from __future__ import annotations

from cmivqa_kit.data.demo.tables import Speech, parse_alternatives, parse_lines, parse_steps

OPENING = """
# ready: 准备好{act}要用的东西
首先把要用的东西准备好 | 我们先来看一下需要哪些用品
需要的是{tool} | 今天会用到{tool}
检查包装有没有破损 有没有过期
旁边再放一块毛巾和一杯温水
? {act}之前需要哪些物品？
? 给{who}操作前要备齐什么？
? {act}要用到哪些工具？

# wash: 在{act}之前清洁双手
先用肥皂和流动的水洗手 | 开始之前一定要先洗手
手心手背和指缝都要搓二十秒
用干净的毛巾擦干 不要再碰别的东西
? {act}之前手要搓多长时间？
? {act}前的卫生要求是什么？

# position: 摆好{act}的姿势
姿势是这样的 {pos} | 现在请{pos}
背要挺直 肩膀要放松
觉得舒服了我们再继续 | 确认坐稳躺稳了再往下做
? {act}用什么体位比较合适？
? {who}一开始应该保持怎样的姿态？
"""

CLOSING = """
# stop: 判断{act}什么时候该停下就医
如果{danger} 就马上停下来 | 要是{danger} 千万不要继续
坐下来休息 今天不要再做了
过了{wait}分钟还不缓解就去医院
? {act}时出现哪些情况必须中止？
? {who}遇到什么症状要找大夫？
? {act}有哪些危险信号？

# often: 安排{act}的次数
建议大家{often} | 一般来说{often}就可以了
把时间和感受记在本子上
坚持{weeks}以后再请医生看一看
? {act}的频率是多少？
? {who}要多久做一回比较好？
? {act}之后需要记录什么内容？
"""

INTROS = """
大家好 欢迎来到我们的健康课堂 | 各位朋友大家好 我是康复科的护士 | 大家好 又和大家见面了
今天给大家讲一讲{act} | 今天我们来学习{act} | 很多朋友问我怎么{act}
这个方法适合{who} | 特别适合{who}来学习 | 这个内容是讲给{who}的
如果拿不准 请先问一下自己的医生 | 只需要几分钟 我们现在开始
"""

OUTROS = """
好了 今天的内容就是这些 | 以上就是{act}的全部内容
回家以后慢慢练习 不要着急 | 希望今天的内容能够帮到您
谢谢大家收看 我们下次再见 | 如果觉得有用 请转发给家人
"""

SPEECH = Speech(
    language="Chinese",
    intros=parse_lines(INTROS),
    outros=parse_lines(OUTROS),
    transitions=parse_alternatives(
        "好 我们接着往下看 | 接下来是下一个步骤 | 做完以后我们看下一步 | 下面这一点非常重要 | "
        "我转过来让大家看清楚 | 然后呢 我们继续"
    ),
    fillers=parse_alternatives(
        "就像我这样做 | 不要着急 慢慢来 | 我再给大家示范一遍 | 大家可以看一下这里 | 好 非常好 | 动作一定要轻"
    ),
    opening=parse_steps(OPENING),
    closing=parse_steps(CLOSING),
    frames=("怎样{do}？", "如何正确{do}？", "应该怎么{do}？", "请问{do}的方法是什么？", "{do}要注意什么？"),
    pairs=("如何先{first}，再{second}？", "怎样{first}，然后{second}？", "{first}之后，怎么{second}？"),
    contexts=("{act}时，{question}", "对于{who}，{question}", "{act}的时候，{question}"),
)
