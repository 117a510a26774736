use super::*;

fn place(start_line: u32, end_line: u32) -> LineRange {
    LineRange { start_line, end_line }
}

#[test]
fn badges_logos_and_bars_of_links_are_no_purpose() {
    let text = "<p align=\"center\"><img src=\"logo.png\"></p>\n\n# Thing\n\n[![CI](a.svg)](b) [![v](c.svg)](d)\n\n\
                [Docs](x) | [Chat](y) | [Blog](z) | [More](w)\n\n> A quote of somebody else that is long.\n\n\
                Thing reads `logs` quickly\nand tells what is [wrong](x).\n\n- Fast on large files\n- Needs no setup\n\n\
                ## Installation\n\n```sh\n# first\npip install thing\n```\n\n## Running the tests\n\n```console\n$ pytest -q\n3 passed\n```\n";
    let readme = read_readme("README.md", text);
    let purpose = readme.purpose.unwrap();
    assert_eq!(purpose.value, "Thing reads `logs` quickly and tells what is wrong.");
    assert_eq!(purpose.lines, place(11, 12));
    assert_eq!(readme.features.len(), 2);
    assert_eq!(readme.features[1].lines, place(15, 15));
    let install = readme.sections.iter().find(|section| section.about == Some(About::Install)).unwrap();
    assert_eq!(install.lines, place(17, 23));
    let line = ShellLine { value: "pip install thing".into(), note: None, lines: place(21, 21) };
    assert_eq!(install.commands, [line]);
    let test = readme.sections.iter().find(|section| section.about == Some(About::Test)).unwrap();
    assert_eq!(test.commands[0].value, "pytest -q");
    assert_eq!(test.commands.len(), 1);
}

#[test]
fn a_quote_right_below_the_title_is_the_purpose() {
    let purpose = |text: &str| read_readme("README.md", text).purpose;
    let tagline = purpose(
        "# slugify [![CI](a.svg)](b)\n\n> Slugifies a String\n\n## API\n\nReturns a string that is safe.\n",
    )
    .unwrap();
    assert_eq!((tagline.value.as_str(), tagline.lines), ("Slugifies a String", place(3, 3)));
    let alert =
        purpose("# x\n\n> [!NOTE]\n> This is about to move away soon.\n\nIt reads very long files.\n");
    assert_eq!(alert.unwrap().value, "It reads very long files.");
}

#[test]
fn a_sentence_about_use_or_licence_is_no_purpose() {
    let purpose = |text: &str| read_readme("README.md", text).purpose.map(|fact| fact.value);
    let used = "# pytest-thing\n\n## Usage\n\nThis is how to call it from your code.\n";
    assert_eq!(purpose(used), None);
    let untitled = "<h1>x</h1>\n\n## Installation\n\nRun this command in your shell first.\n";
    assert_eq!(purpose(untitled), None);
    let told = format!("{used}\n## About the project\n\nThing tells what is wrong with files.\n");
    assert_eq!(purpose(&told).as_deref(), Some("Thing tells what is wrong with files."));
    let under = "# pytest-thing\n\nThing tells what is wrong with files.\n";
    assert_eq!(purpose(under).as_deref(), Some("Thing tells what is wrong with files."));
}

#[test]
fn restructured_text_is_read_without_its_marks() {
    let text = "=====\nThing\n=====\n\n.. image:: x.svg\n   :target: y\n\n|build| |docs|\n\n\
                Thing is a library for *fast* parsing\nof ``INI`` files.\n\n* Small and typed\n* No dependencies\n  at all\n\n\
                Install\n-------\n\n.. code-block:: bash\n\n    pip install thing\n";
    let readme = read_readme("README.rst", text);
    let purpose = readme.purpose.unwrap();
    assert_eq!(purpose.value, "Thing is a library for *fast* parsing of ``INI`` files.");
    assert_eq!(purpose.lines, place(10, 11));
    assert_eq!(readme.features[1].value, "No dependencies at all");
    assert_eq!(readme.features[1].lines, place(14, 15));
    let install = &readme.sections[1];
    assert_eq!(
        (install.about, install.commands[0].value.as_str()),
        (Some(About::Install), "pip install thing")
    );
    assert_eq!(install.commands[0].lines, place(22, 22));
}

#[test]
fn a_section_called_start_tells_what_to_run_and_comments_tell_why() {
    let text = "# x\n\n## Start\n\n```sh\n./start                # builds and serves\n./start ~/src # the same\n```\n\n\
                ## Use\n\n```sh\nx read a#b\nx list · show · rm   # and more\n```\n\n## Starting over\n\n## Running the tests\n\n## Running Thing\n";
    let readme = read_readme("README.md", text);
    let lines = |title: &str| {
        let section = readme.sections.iter().find(|section| section.title == title).unwrap();
        assert_eq!(section.about, Some(About::Usage));
        let lines = section.commands.iter().map(|line| (line.value.as_str(), line.note.as_deref()));
        lines.collect::<Vec<_>>()
    };
    assert_eq!(lines("Start"), [("./start", Some("builds and serves")), ("./start ~/src", Some("the same"))]);
    assert_eq!(lines("Use"), [("x read a#b", None)]);
    let about = |title: &str| readme.sections.iter().find(|section| section.title == title).unwrap().about;
    assert_eq!(about("Starting over"), None);
    assert_eq!(about("Running the tests"), Some(About::Test));
    assert_eq!(about("Running Thing"), Some(About::Usage));
}

#[test]
fn a_readme_of_badges_only_says_nothing() {
    let readme = read_readme("README.md", "# x\n\n[![a](b)](c)\n\n<div>hello there you all</div>\n");
    assert_eq!(readme.purpose, None);
    assert!(readme.features.is_empty());
}

#[test]
fn links_by_their_own_name_lose_their_mark() {
    let text = "Scrapy\n======\n\nScrapy_ is a framework by Zyte_, made for you and `__init__`.\n";
    let readme = read_readme("README.rst", text);
    let purpose = readme.purpose.map(|fact| fact.value);
    assert_eq!(purpose.as_deref(), Some("Scrapy is a framework by Zyte, made for you and `__init__`."));
}

proptest::proptest! {
    #[test]
    fn any_text_is_read(text in "([-#*`|\\[\\]():. a\n]|\\PC){0,200}") {
        for path in ["README.md", "README.rst", "README"] {
            let lines = text.lines().count().max(1) as u32;
            let readme = read_readme(path, &text);
            for fact in readme.purpose.iter().chain(&readme.features) {
                proptest::prop_assert!(fact.lines.start_line >= 1 && fact.lines.end_line <= lines, "{:?}", fact);
            }
            for section in &readme.sections {
                proptest::prop_assert!(section.lines.end_line <= lines && section.lines.start_line <= section.lines.end_line);
            }
        }
    }
}
