//! All fixed texts of static pages, in both languages.
//!
//! `{0}`, `{1}`, … are replaced by what [`say`] is given. A noun is `one|many`; Chinese has one form.

use super::PageLanguage;

macro_rules! catalogue {
    ($($key:ident: $en:literal, $zh:literal;)*) => {
        /// A fixed text.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Key { $($key),* }

        impl Key {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$key),*];

            fn texts(self) -> (&'static str, &'static str) {
                match self { $(Self::$key => ($en, $zh)),* }
            }
        }
    };
}

/// The text in `language`, its places filled.
pub(crate) fn say(language: PageLanguage, key: Key, values: &[&str]) -> String {
    let (en, zh) = key.texts();
    let template = match language {
        PageLanguage::En => en,
        PageLanguage::Zh => zh,
    };
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    // In one pass: what is filled in may hold braces of its own.
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        match after
            .split_once('}')
            .and_then(|(digit, tail)| Some((values.get(digit.parse::<usize>().ok()?)?, tail)))
        {
            Some((value, tail)) => {
                // The blank of a template sets off Latin letters and code, and no Chinese words.
                if out.ends_with(' ')
                    && is_han(out.trim_end().chars().next_back())
                    && is_han(value.chars().next())
                {
                    out.pop();
                }
                out.push_str(value);
                rest = match tail.strip_prefix(' ') {
                    Some(close) if is_han(value.chars().next_back()) && is_han(close.chars().next()) => close,
                    _ => tail,
                };
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn is_han(letter: Option<char>) -> bool {
    letter.is_some_and(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
}

/// A number with its noun: `1 file`, `2,300 files`.
pub(crate) fn count(language: PageLanguage, number: u64, noun: Key) -> String {
    let (en, zh) = noun.texts();
    match language {
        PageLanguage::En => {
            let (one, many) = en.split_once('|').unwrap_or((en, en));
            format!("{} {}", grouped(number), if number == 1 { one } else { many })
        }
        PageLanguage::Zh => format!("{} {zh}", grouped(number)),
    }
}

/// Digits in groups of three: `12,345`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Joined by commas, the last by “and”.
pub(crate) fn and(language: PageLanguage, items: &[String]) -> String {
    match (items, language) {
        ([], _) => String::new(),
        ([only], _) => only.clone(),
        ([head @ .., tail], PageLanguage::En) => format!("{} and {tail}", head.join(", ")),
        ([head @ .., tail], PageLanguage::Zh) => {
            let head = head.join("、");
            let before = if is_han(head.chars().next_back()) { "" } else { " " };
            let after = if is_han(tail.chars().next()) { "" } else { " " };
            format!("{head}{before}和{after}{tail}")
        }
    }
}

catalogue! {
    // the note
    Note: "Static analysis of {0}. Descriptions are quoted from the project's own documentation; no language model was used. Set `OPENAI_BASE_URL`, `OPENAI_MODEL` and `OPENAI_API_KEY` to add written explanations.",
        "{0} 的静态分析。描述引自项目自己的文档，没有使用大模型。设置 `OPENAI_BASE_URL`、`OPENAI_MODEL` 和 `OPENAI_API_KEY` 可以加上撰写的讲解。";
    NotePart: "Static analysis, no language model: {0}. Set `OPENAI_BASE_URL`, `OPENAI_MODEL` and `OPENAI_API_KEY` to add written explanations.",
        "静态分析，没有使用大模型：{0}。设置 `OPENAI_BASE_URL`、`OPENAI_MODEL` 和 `OPENAI_API_KEY` 可以加上撰写的讲解。";

    // nouns
    NounFile: "file|files", "个文件";
    NounSourceFile: "source file|source files", "个源文件";
    NounLine: "line|lines", "行";
    NounTest: "test|tests", "个测试";
    NounTestFile: "test file|test files", "个测试文件";
    NounFunction: "function|functions", "个函数";
    NounType: "type|types", "个类型";
    NounModule: "module|modules", "个模块";
    NounPackage: "package|packages", "个包";
    NounName: "name|names", "个名字";
    NounExample: "example file|example files", "个示例文件";

    // pages and headings
    TitleOverview: "Overview of {0}", "{0} 概览";
    TitleArchitecture: "Architecture", "架构";
    TitleModules: "Modules", "模块";
    TitleModule: "Module `{0}`", "模块 `{0}`";
    TitleData: "Data model", "数据模型";
    TitleInterfaces: "Interfaces", "接口";
    TitleConfiguration: "Configuration", "配置";
    TitleStart: "How to start", "如何上手";
    HeadWhereToStart: "Where to start", "从哪里开始";
    HeadCall: "How a call runs", "一次调用怎样运行";
    HeadModules: "Modules by weight", "按重要性排列的模块";
    HeadOutside: "What it needs from outside", "外部依赖";
    HeadSettings: "Settings it reads", "读取的设置";
    HeadBuild: "Build, run, test", "构建、运行、测试";
    HeadPackages: "Packages in this repository", "仓库中的包";
    HeadDependencies: "Who depends on whom", "依赖关系";
    HeadLayers: "Layers", "分层";
    HeadPart: "Inside {0}", "{0} 内部";
    PartsNote: "Each box is a part; its modules are drawn below or listed on the page {0}.", "每个方框是一个部分；其模块见下文或 {0} 页。";
    HeadCircles: "Circles", "循环依赖";
    HeadMostUsed: "Most depended-on files", "被依赖最多的文件";
    HeadFiles: "Files", "文件";
    HeadApi: "What it offers", "对外提供";
    HeadOwn: "Its own names", "自己的名字";
    HeadInside: "Inside", "内部";
    HeadUsedBy: "Used by", "被谁使用";
    HeadUses: "Uses", "使用了";
    HeadTests: "Tests", "测试";
    HeadRoutes: "HTTP routes", "HTTP 路由";
    HeadCommands: "Commands and options", "命令与选项";
    HeadInstalled: "Installed commands", "安装的命令";
    HeadNeeds: "What you need", "准备";
    HeadInstall: "Install", "安装";
    HeadRun: "Run", "运行";
    HeadCompile: "Build", "构建";
    HeadTest: "Test", "测试";
    HeadCheck: "Check", "检查";
    HeadDocs: "Documentation", "文档";
    HeadOther: "Other commands", "其他命令";
    HeadReadme: "Sections of the README", "README 的章节";
    HeadTypes: "Types of {0}", "{0} 的类型";

    // columns
    ColWant: "if you want to", "如果想要";
    ColRead: "read", "请读";
    ColWhy: "why there", "原因";
    ColModule: "module", "模块";
    ColImportedBy: "used by", "被使用";
    ColLines: "lines", "行数";
    ColHolds: "what it says of itself, or holds", "自述或内容";
    ColFile: "file", "文件";
    ColName: "name", "名称";
    ColWhere: "where", "位置";
    ColWhat: "what", "说明";
    ColVersion: "version", "版本";
    ColNeed: "needed", "用途";
    ColUsedIn: "imported in", "引用处";
    ColLayer: "layer", "层";
    ColMethod: "method", "方法";
    ColPath: "path", "路径";
    ColHandler: "answered by", "处理者";
    ColCommand: "command", "命令";
    ColHelp: "help", "帮助";
    ColDefault: "default", "默认值";
    ColFields: "fields", "字段";
    ColKind: "kind", "种类";
    ColExtends: "extends", "继承";
    ColDoes: "does", "作用";
    ColRuns: "runs", "执行";
    ColPackage: "package", "包";

    // signs
    Comma: ", ", "，";
    Semicolon: "; ", "；";
    Colon: ": ", "：";
    Stop: ".", "。";
    In: "in", "见于";
    HandsOn: "Hands on {0}: {1}.", "转出 {0}：{1}。";
    Overridden: "overridden by {0}", "由 {0} 覆盖";
    OnlyOptional: "with runtime dependencies for some features or platforms only", "仅在部分功能或平台上有运行时依赖";
    MoreMembers: "{0} more within.", "内部另有 {0} 个。";
    TestsWithin: "within the source: {0}", "源文件之内：{0}";
    SeeAlso: "More on the page {0}.", "详见 {0}。";
    NounOtherName: "other name|other names", "个其他名字";

    // the overview
    ListComma: ", ", "、";
    Lists: "The README lists:", "README 列出：";
    KindLibrary: "A {0} library", "一个 {0} 库";
    KindProgram: "A {0} program", "一个 {0} 程序";
    KindBoth: "A {0} library with the command {1}", "一个带命令 {1} 的 {0} 库";
    KindCode: "{0} code", "{0} 代码";
    KindWorkspace: "A {0} workspace of {1}", "一个含 {1} 的 {0} 工作区";
    WithoutRuntime: "no runtime dependencies", "没有运行时依赖";
    Requires: "for {0}", "面向 {0}";
    Typed: "with type information", "带类型信息";
    WithRuntime: "with {0} ({1})", "有 {0}（{1}）";
    NounDependency: "runtime dependency|runtime dependencies", "个运行时依赖";
    Licensed: "licensed {0}", "许可证 {0}";
    Size: "{0}, {1}", "{0}，{1}";
    SizeIn: "{0}, {1} in {2}", "{0}，{1}，位于 {2}";
    SizeTests: "beside them {0} in {1}", "另有 {1}，共 {0}";
    SizeTestsCounted: "beside them {0} in {1} ({2})", "另有 {1}，共 {0}（{2}）";
    SizeInner: "{0} of the source are tests within it", "其中 {0} 是源文件内的测试";
    SizeInnerCounted: "{0} of the source are tests within it ({1})", "其中 {0} 是源文件内的测试（{1}）";
    SizeForeign: "{0} holds code of others ({1}, {2}) and is left out.", "{0} 是第三方代码（{1}，{2}），不计入。";
    Languages: "By lines: {0}.", "按行数：{0}。";
    BuiltWith: "Built with {0}", "用 {0} 构建";
    NotRead: "Not read: {0}.", "没有读取：{0}。";
    SkipBinary: "{0} binary", "{0} 个二进制";
    SkipVendored: "{0} vendored", "{0} 个第三方";
    SkipGenerated: "{0} generated", "{0} 个生成";
    SkipMinified: "{0} minified", "{0} 个压缩";
    SkipTooLarge: "{0} too large", "{0} 个过大";
    SkipSymlink: "{0} symbolic links", "{0} 个符号链接";
    SkipSpecial: "{0} special", "{0} 个特殊";
    SkipUnreadable: "{0} unreadable", "{0} 个无法读取";
    SkipTooMany: "{0} beyond the limit", "{0} 个超出上限";

    WantUse: "use it", "使用它";
    WantRun: "run it", "运行它";
    WantProgram: "read the program", "读程序";
    WantFollow: "follow one call", "跟踪一次调用";
    WantExtend: "add another kind of {0}", "增加一种 {0}";
    WantChange: "change what most depends on", "改动依赖最多之处";
    WantTest: "test it", "测试它";
    WantExample: "see it used", "看用法示例";
    WantServe: "follow a request", "跟踪一个请求";
    WhyExports: "exports {0}", "导出 {0}";
    WhyDoor: "what {0} names as its start", "{0} 指定的入口";
    WhyDefault: "what importing the package loads", "引用该包时载入的文件";
    WhyTold: "the README tells it first", "README 首先讲的";
    WhyCommand: "the command {0} starts here", "命令 {0} 从这里开始";
    WhyMain: "the program starts here", "程序从这里开始";
    WhyMainOf: "the program of {0} starts here", "{0} 的程序从这里开始";
    WhyReach: "of the public functions it reaches the most code", "公开函数中它触及的代码最多";
    WhySubclasses: "{0} types that extend it show how", "{0} 个继承它的类型可作范例";
    WhyImported: "used by {0} of the other {1} source files", "其余 {1} 个源文件中有 {0} 个使用它";
    WhyMostTests: "the most tests: {0}", "测试最多：{0}";
    WhyOnlyTest: "the only test file", "唯一的测试文件";
    WhyTests: "the largest of {0}", "{0} 中最大的";
    WhyOnlyExample: "the only example", "唯一的示例";
    WhyExamples: "one of {0}", "{0} 之一";
    WhyRoutes: "{0} of {1} are declared here", "共 {1}，{0} 条声明于此";
    NounRoute: "route|routes", "条路由";
    CallIntro: "Calls that resolve, from {0} on, in the order in which they are written.", "从 {0} 起能够解析的调用，按书写顺序。";
    CallDeclared: "the command {0} is {1}", "命令 {0} 即 {1}";
    CallStep: "{0} calls {1}", "{0} 调用 {1}";
    CallInner: "which calls {0}", "后者调用 {0}";

    RankNote: "Ordered by how many other modules use each when files are loaded; imports for type checking only or inside functions are counted apart.",
        "按文件加载时有多少其他模块使用它排序；仅用于类型检查或写在函数内的引用另计。";
    RankNoteFew: "Ordered by how many other modules use each.", "按有多少其他模块使用它排序。";
    More: "and {0} more", "另有 {0}";
    MoreModules: "The other {0} stand on the page {1}.", "其余 {0} 见 {1}。";
    DiagramNote: "An arrow means “uses”; arrows that a longer way implies are left out.", "箭头表示“使用”；由更长路径蕴含的箭头省略。";
    ArrowsCut: "Shown are the {0} strongest of {1} arrows.", "图中为 {1} 个箭头中最强的 {0} 个。";
    DiagramCut: "Shown are the {0} heaviest of {1}.", "图中为 {1} 中最重要的 {0} 个。";
    Dotted: "Dotted: for type checking only, or inside functions.", "虚线：仅用于类型检查，或写在函数内。";
    NoDependencies: "No package of others is needed on every platform at run time ({0}).", "运行时没有在所有平台上都需要的外部包（{0}）。";
    NoneAtAll: "No package of others is needed at run time ({0}).", "运行时不需要外部包（{0}）。";
    OutsideDev: "To develop it: {0}.", "开发所需：{0}。";
    NeedRuntime: "always", "总是";
    NeedOptional: "optionally", "可选";
    NeedBuild: "to build", "构建时";
    NeedDev: "to develop", "开发时";
    MoreSettings: "All {0} are on the page {1}.", "全部 {0} 见 {1}。";
    NounSetting: "setting|settings", "项设置";

    // architecture
    ArchIntro: "{0} of source in {1}, {2}", "{1} 中的 {0}，{2}";
    NounArrow: "dependency between them|dependencies between them", "条相互依赖";
    LayersIntro: "Counted from below: a module of layer 0 uses no other; each further layer uses only those below it. Modules of one circle share a layer and are marked ↻.",
        "自下而上：第 0 层的模块不使用其他模块；其上每层只使用更低层。同一循环内的模块同属一层，以 ↻ 标出。";
    CircleOne: "One circle: ", "有一个循环：";
    CircleNone: "There is no circle: no module depends on itself by way of others.", "没有循环：没有模块经由其他模块依赖自己。";
    CircleMany: "There are {0}:", "有 {0}：";
    NounCircle: "circle|circles", "个循环";
    CircleStep: "{0} uses {1}", "{0} 使用 {1}";
    CircleOf: "{0} that reach each other; the shortest way round:", "{0} 互相可达；最短的一圈：";
    CircleLazy: "Pairs that depend on each other only for type checking or inside functions: {0}.", "仅因类型检查或函数内引用而互相依赖的模块对：{0}。";
    LazyPair: "{0} and {1} ({2})", "{0} 与 {1}（{2}）";
    NamesUsed: "Used most: {0}", "使用最多：{0}";

    // a module
    ModuleFacts: "{0}, {1}", "{0}，{1}";
    Quoted: "“{0}”", "“{0}”";
    ImportsAt: "imports it at {0}", "于 {0} 引用";
    ForTypes: "for types only", "仅用于类型";
    InFunctions: "inside functions", "在函数内";
    UsedByNobody: "No other file of the source imports it.", "没有其他源文件引用它。";
    FromOutside: "From outside the repository: {0}.", "来自仓库之外：{0}。";
    ReadsSettings: "Reads {0}.", "读取 {0}。";
    NamedAfter: "named after it", "以它命名";
    CutTable: "Shown are {0} of {1}, those that others use most first.", "显示 {1} 中的 {0} 个，按被使用多少排列。";

    // data
    DataIntro: "Types that hold fields, tables and enumerations: {0} in {1}. Fields are as declared; relations are those that resolve.",
        "持有字段的类型、表与枚举：{1} 中共 {0}。字段按声明列出；关系为能够解析者。";
    DataDiagram: "Inheritance and fields whose type is another of these types.", "继承关系，以及类型为其中另一类型的字段。";

    // interfaces
    RoutesIntro: "{0}, declared with {1}.", "{0}，用 {1} 声明。";
    RoutesOnly: "{0}.", "{0}。";
    TestsLeftOut: "Those of tests and examples are left out.", "测试与示例中的未列出。";

    // configuration
    ConfigIntro: "{0} read by the source. Names that are made at run time show the variable part as `<…>`.",
        "源代码读取的 {0}。运行时拼成的名字以 `<…>` 表示可变部分。";

    // start
    StartIntro: "From manifests, build files, the README and what continuous integration runs.", "依据清单、构建文件、README 与持续集成所运行的命令。";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(place, _)| place).collect()
    }

    #[test]
    fn both_languages_say_the_same_with_the_same_places() {
        for key in Key::ALL {
            let (en, zh) = key.texts();
            assert!(!en.is_empty() && !zh.is_empty(), "{key:?}");
            assert_eq!(places(en), places(zh), "{key:?}");
            let is_plain = places(en).is_empty() && !en.contains('|');
            assert!(!is_plain || !zh.is_ascii(), "{key:?} is not translated");
        }
    }

    #[test]
    fn numbers_agree_with_their_nouns() {
        assert_eq!(count(PageLanguage::En, 1, Key::NounSourceFile), "1 source file");
        assert_eq!(count(PageLanguage::En, 12_345, Key::NounSourceFile), "12,345 source files");
        assert_eq!(count(PageLanguage::Zh, 1_000, Key::NounSourceFile), "1,000 个源文件");
        assert_eq!(and(PageLanguage::En, &["a".into(), "b".into(), "c".into()]), "a, b and c");
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        assert_eq!(say(PageLanguage::En, Key::CallStep, &["{1}", "b"]), "{1} calls b");
    }
}
