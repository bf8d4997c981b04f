// What the pages say, in English and Chinese. A page is drawn anew when the language is switched.

const WORDS = {
  skip: ["Skip to the board", "跳到榜单"],
  skipEntry: ["Skip to the entry", "跳到内容"],
  other: ["中文", "English"],
  switch: ["Switch the labels to Chinese", "切换为英文界面"],
  track: [(n) => `Track ${n}`, (n) => `赛道 ${n}`],
  task1: ["answer span in a given video", "给定视频中的答案定位"],
  task2: ["video retrieval", "视频检索"],
  task3: ["video retrieval and answer span", "视频检索与答案定位"],
  tracks: ["Tracks", "赛道"],
  questions: [(n) => `${grouped(n)} question${n === 1 ? "" : "s"}`, (n) => `${grouped(n)} 个问题`],
  videos: [(n) => `answers in ${grouped(n)} video${n === 1 ? "" : "s"}`, (n) => `答案涉及 ${grouped(n)} 个视频`],
  ranked: [(n) => `${grouped(n)} ranked`, (n) => `${grouped(n)} 个参与排名`],
  rankedBy: [(name) => `ranked by ${name}, as the official program computes it`, (name) => `按官方程序的 ${name} 排名`],
  smallest: [
    (d) => `Differences below about ${d} cannot be told from chance on this split.`,
    (d) => `在该数据划分上，小于约 ${d} 的差异无法与随机波动区分。`],
  filter: ["Filter the board", "筛选榜单"],
  search: ["Search", "搜索"],
  searchHint: ["team, title, method", "队伍、题目、方法"],
  rankedOnly: ["Ranked entries only", "只看参与排名的提交"],
  clear: ["Clear", "清除"],
  shown: [(a, b) => `${grouped(a)} of ${grouped(b)} shown`, (a, b) => `显示 ${grouped(a)} / ${grouped(b)}`],
  nothing: ["No entry matches. “Clear” shows all again.", "没有符合条件的提交，点“清除”恢复全部。"],
  empty: ["No entry is on this board yet.", "该榜单还没有提交。"],
  rank: ["Rank", "名次"],
  tie: ["Tie group", "并列组"],
  team: ["Team", "队伍"],
  strict: [(name) => `${name}, strict`, (name) => `${name}（严格）`],
  interval: [(level) => `${level} interval`, (level) => `${level} 置信区间`],
  received: ["Received", "收到时间"],
  sortBy: [(name) => `Sort by ${name}`, (name) => `按${name}排序`],
  board: [(n) => `Board of Track ${n}`, (n) => `赛道 ${n} 榜单`],
  ties: [
    "Entries with the same letter cannot be told apart from the first of their group (paired test on strict scores, Holm).",
    "字母相同的提交与该组第一名无显著差异（严格分数配对检验，Holm 校正）。"],
  strictNote: [
    "Official numbers are those of the organizers' program; bars and intervals are of the strict scores, resampled by video.",
    "正式分数由官方程序给出；横条与区间是严格分数，按视频重采样。"],
  unranked: ["unranked", "不参与排名"],
  baseline: ["baseline", "基线"],
  late: ["late", "逾期"],
  over: ["over the limit", "超出提交次数"],
  superseded: ["not the one that counts", "非计分提交"],
  crashed: ["crashes the official program", "官方程序无法评分"],
  repaired: ["repaired numbers", "修复后的分数"],
  refused: ["Not on the board", "未上榜"],
  refusedNote: ["Entries that could not be validated or scored, with the reason.", "未通过校验或无法评分的提交及原因。"],
  reason: ["Reason", "原因"],
  run: ["Run", "提交"],
  back: ["Back to the board", "返回榜单"],
  official: ["Official", "官方"],
  strictHead: ["Strict", "严格"],
  metric: ["Metric", "指标"],
  languages: ["By language", "按语言"],
  language: ["Language", "语言"],
  count: ["Questions", "问题数"],
  fewHidden: ["Groups of fewer than 10 questions are left out.", "少于 10 个问题的分组不显示。"],
  curve2: ["Right video among the first k", "前 k 个结果含正确视频的比例"],
  curve3: ["Best IoU among the first k", "前 k 个结果的最佳 IoU"],
  points: ["Where the points went", "失分分布"],
  earned: ["Earned", "得分"],
  timeline: ["Every question on its timeline", "逐题时间轴"],
  about: ["About this entry", "提交说明"],
  title: ["Title", "题目"],
  method: ["Method", "方法"],
  link: ["Link", "链接"],
  hardware: ["Hardware", "硬件"],
  external: ["External data", "外部数据"],
  original: ["File", "文件"],
  digest: ["SHA-256", "SHA-256"],
  signature: ["Signature", "评分签名"],
  place: [(r, n) => `Rank ${r} of ${n}`, (r, n) => `第 ${r} 名，共 ${n} 名`],
  organizers: [
    "For organizers only: numbers are unrounded, and timelines, where they are linked, show the answers.",
    "仅供组织者使用：分数未取整；附有时间轴时，其中包含答案。"],
  answered: [(a, n) => `${grouped(a)} of ${grouped(n)} questions answered`, (a, n) => `已回答 ${grouped(a)} / ${grouped(n)} 个问题`],
  made: [(kit) => `Made by cmivqa-kit ${kit}.`, (kit) => `由 cmivqa-kit ${kit} 生成。`],
};

const grouped = (n) => Number(n).toLocaleString("en");

// The language stands behind the # of the address, so that it goes along from page to page without a cookie.
const state = { chinese: false };

function readLanguage() {
  const asked = location.hash.slice(1).split("&");
  state.chinese = asked.includes("zh") || (!asked.includes("en") && /^zh\b/i.test(navigator.language || ""));
}

const tag = () => (state.chinese ? "zh" : "en");

// Of a text in English and Chinese the one that is read.
const inWords = (pair) => pair[state.chinese ? 1 : 0];

function word(key, ...values) {
  const said = inWords(WORDS[key]);
  return typeof said === "function" ? said(...values) : said;
}

// The button that switches; `draw` draws the whole page.
function languageSwitch(draw) {
  return make("button", { type: "button", id: "language", lang: state.chinese ? "en" : "zh", title: word("switch"),
    on: { click: () => {
      state.chinese = !state.chinese;
      const rest = location.hash.slice(1).split("&").filter((one) => one && one !== "zh" && one !== "en");
      history.replaceState(null, "", `#${[tag(), ...rest].join("&")}`);
      draw();
      byId("language").focus();
    } } }, word("other"));
}

function nameOfLanguage() {
  document.documentElement.lang = state.chinese ? "zh-CN" : "en";
}
