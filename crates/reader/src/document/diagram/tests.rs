use proptest::prelude::*;

use super::*;

fn nodes(source: &str) -> usize {
    parse(source).unwrap_or_else(|error| panic!("{error}\n{source}")).nodes
}

#[test]
fn common_diagrams_are_understood() {
    assert_eq!(
        nodes("flowchart TD\n  init[\"click (exports)\"] --> decorators --> core\n  core --> parser & types"),
        5
    );
    assert_eq!(
        nodes(
            "graph LR\nA(Round) -->|yes| B{Choice}\nB -- no --> C[[Sub]]\nC -.-> D[(DB)]\nD ==> E((x))\nE --- A;"
        ),
        5
    );
    assert_eq!(
        nodes(
            "flowchart LR\nsubgraph one [\"The one\"]\n a-b --> c\nend\nsubgraph two\n d\nend\none --> two"
        ),
        5
    );
    assert_eq!(
        nodes(
            "classDiagram\nclass A[\"x\"] {\n +name: str\n <<enum>>\n run(int x) bool\n}\nA <|-- B : extends\nB \"1\" --> \"*\" C\nC : int size"
        ),
        3
    );
    assert_eq!(
        nodes(
            "erDiagram\nUSER ||--o{ ORDER : places\nUSER {\n int id PK \"the key\"\n varchar(20) name\n}\n\"a b\" }|..|| USER : \"has many\""
        ),
        3
    );
    assert_eq!(
        nodes(
            "sequenceDiagram\nparticipant A as Client\nA->>+B: GET /x\nalt found\nB-->>-A: 200\nelse\nB--xA: 404\nend\nNote over A,B: done"
        ),
        2
    );
    assert_eq!(
        nodes(
            "stateDiagram-v2\n[*] --> Queued\nQueued --> Running : start\nstate Running {\n [*] --> Step\n}\nRunning --> [*]"
        ),
        3
    );
}

#[test]
fn what_mermaid_would_not_draw_is_refused() {
    for source in [
        "",
        "pie title x",
        "flowchart TD",
        "flowchart TD\n A[foo(bar)] --> B",
        "flowchart TD\n A --> end",
        "flowchart TD\n A -> B",
        "flowchart TD\n A --> ",
        "flowchart TD\n subgraph x\n A --> B",
        "flowchart TD\n A[\"open] --> B",
        "flowchart XX\n A --> B",
        "classDiagram\n class A {\n x: int",
        "classDiagram\n A <|-> B",
        "erDiagram\n A --> B",
        "sequenceDiagram\n A->>B",
        "sequenceDiagram\n loop x\n A->>B: y",
        "stateDiagram-v2\n A -> B",
    ] {
        assert!(parse(source).is_err(), "{source}");
    }
}

#[test]
fn what_could_run_or_leave_is_refused() {
    for source in [
        "%%{init: {\"securityLevel\": \"loose\"}}%%\nflowchart TD\n A --> B",
        "flowchart TD\n A --> B\n click A \"javascript:alert(1)\"",
        "flowchart TD\n A[\"<img src=x onerror=alert(1)>\"] --> B",
        "flowchart TD\n A[\"[x](javascript:alert(1))\"] --> B",
        "sequenceDiagram\n A->>B: <b>x</b>",
        "classDiagram\n class A[\"<script>\"]",
    ] {
        assert!(parse(source).is_err(), "{source}");
    }
}

#[test]
fn built_diagrams_parse_whatever_their_labels_hold() {
    let hostile =
        ["end", "a\"b", "x[y](z){w}", "<script>", "a;b", "%%{init}", "`x`", "javascript:x", "#35;", "\n\\"];
    let mut flow = Flowchart::default();
    let mut classes = ClassDiagram::default();
    for text in hostile {
        flow.node(text, text, Some(text));
        classes.class(ClassBox {
            key: text.into(),
            name: text.into(),
            annotation: Some(text.into()),
            members: vec![format!("{text}: Map<{text}, int>")],
        });
    }
    flow.edge("end", "<script>", false);
    classes.inherits("end", "<script>");
    assert_eq!(parse(&flow.source()).map(|parsed| parsed.nodes), Ok(hostile.len()), "{}", flow.source());
    assert_eq!(
        parse(&classes.source()).map(|parsed| parsed.nodes),
        Ok(hostile.len()),
        "{}",
        classes.source()
    );
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(
        kind in "(flowchart TD|classDiagram|erDiagram|sequenceDiagram|stateDiagram-v2)",
        body in "([-<>|.:\"\\[\\](){}~;&=ox *#%\n]|A|B|end|class|subgraph|state|note|\\PC){0,120}",
    ) {
        let _ = parse(&format!("{kind}\n{body}"));
    }

    #[test]
    fn any_label_can_be_drawn(text in "\\PC{1,40}") {
        let mut flow = Flowchart::default();
        flow.node("a", &text, Some(&text));
        prop_assert!(parse(&flow.source()).is_ok(), "{}", flow.source());
        let mut classes = ClassDiagram::default();
        classes.class(ClassBox { key: "a".into(), name: text.clone(), annotation: Some(text.clone()), members: vec![text] });
        prop_assert!(parse(&classes.source()).is_ok(), "{}", classes.source());
    }
}
