//! The main job from the command line: `read` and everything that looks at its result.

mod common;

use std::process::Stdio;

use common::{House, fingerprint, shop, wait_for};
use nix::sys::signal::Signal;
use serde_json::Value;

#[test]
fn a_package_is_read_to_pages_whose_citations_all_resolve() {
    let house = House::new();
    let folder = shop(&house);
    let before = fingerprint(&folder);
    let out = house.dir.path().join("docs");
    let printed = house.ok(&["read", folder.to_str().unwrap(), "--out", out.to_str().unwrap(), "--json"]);
    let analysis: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(analysis["status"], "completed");
    assert_eq!(analysis["counts"]["failed"], 0);
    assert_eq!(analysis["llm"]["calls"], 0);
    assert_eq!(fingerprint(&folder), before, "nothing is written into the repository");

    let export: Value = serde_json::from_slice(&std::fs::read(out.join("analysis.json")).unwrap()).unwrap();
    let pages = export["pages"].as_array().unwrap();
    assert!(out.join("index.md").is_file());
    assert_eq!(pages.len() as u64, analysis["counts"]["pages"].as_u64().unwrap());
    let mut citations = 0;
    for page in pages {
        for citation in page["citations"].as_array().unwrap() {
            let path = citation["path"].as_str().unwrap();
            let lines = std::fs::read_to_string(folder.join(path)).unwrap().lines().count() as u64;
            let (start, end) =
                (citation["start_line"].as_u64().unwrap(), citation["end_line"].as_u64().unwrap());
            assert!(1 <= start && start <= end && end <= lines, "{path}:{start}-{end} of {lines}");
            citations += 1;
        }
    }
    assert!(citations > 10, "{citations} citations");

    let overview = std::fs::read_to_string(out.join("index.md")).unwrap();
    for fact in [
        "Shop sells things over HTTP",
        "Static analysis",
        "OPENAI_BASE_URL",
        "flask",
        "the command `shop` starts here",
    ] {
        assert!(overview.contains(fact), "the overview does not say `{fact}`:\n{overview}");
    }
    let all: String = pages.iter().map(|page| page["markdown"].as_str().unwrap()).collect();
    for fact in ["/prices/", "SHOP\\_CURRENCY", "--port"] {
        assert!(all.contains(fact) || all.contains(&fact.replace('\\', "")), "no page says `{fact}`");
    }
    let edges = export["graph"]["edges"].as_array().unwrap();
    assert!(edges.iter().any(|edge| edge["from"] == "shop/cli.py"
        && edge["to"] == "shop/web.py"
        && edge["kind"] == "import"));
    assert!(
        !edges.iter().any(|edge| {
            !edge["from"].as_str().unwrap().starts_with("tests/")
                && edge["to"].as_str().unwrap().starts_with("tests/")
        }),
        "a library depends on its own tests"
    );
}

#[test]
fn the_same_repository_gives_the_same_bytes_wherever_it_lies() {
    let exports: Vec<Value> = (0..2)
        .map(|_| {
            let house = House::new();
            let folder = shop(&house);
            house.ok(&["read", folder.to_str().unwrap()]);
            let mut export: Value =
                serde_json::from_str(&house.ok(&["export", "shop", "--format", "json"])).unwrap();
            for field in ["id", "task_id", "created_at", "started_at", "finished_at"] {
                assert!(export["analysis"][field].take() != Value::Null, "{field}");
            }
            export["analysis"]["source"].take();
            export
        })
        .collect();
    assert_eq!(serde_json::to_string(&exports[0]).unwrap(), serde_json::to_string(&exports[1]).unwrap());
}

#[test]
fn what_was_read_is_listed_shown_searched_and_removed() {
    let house = House::new();
    let folder = shop(&house);
    house.ok(&["read", folder.to_str().unwrap()]);
    assert!(house.ok(&["list"]).contains("completed"));
    assert!(house.ok(&["show", "shop"]).contains("Shop sells things over HTTP"));
    assert!(house.ok(&["show", "shop", "--pages"]).contains("architecture"));
    assert!(house.ok(&["show", "shop", "--file", "shop/prices.py"]).contains("parsePriceHeader"));
    let hits: Value = serde_json::from_str(&house.ok(&["search", "shop", "header", "--json"])).unwrap();
    assert_eq!(hits["items"][0]["path"], "shop/prices.py", "{hits}");
    house.fails(1, &["search", "shop", "zzzqqq"]);
    assert!(house.fails(1, &["show", "shop", "no-such-page"]).contains("--pages"));
    assert!(house.fails(1, &["show", "nobody"]).contains("nobody"));
    house.ok(&["rm", "shop"]);
    assert_eq!(house.json(&["list", "--json"]), serde_json::json!({"items": [], "next": null}));
}

#[test]
fn a_newer_analysis_that_failed_does_not_hide_what_was_read() {
    let house = House::new();
    let folder = shop(&house);
    house.ok(&["read", folder.to_str().unwrap()]);
    house.write("broken/image.png", "x");
    house.fails(1, &["read", "broken", "--name", "shop"]);
    let failed = house.json(&["list", "--json"])["items"][0]["id"].as_str().unwrap().to_owned();
    for arguments in [
        &["show", "shop"][..],
        &["show", "shop", "--file", "shop/prices.py"],
        &["search", "shop", "header"],
        &["export", "shop", "--out", "docs"],
    ] {
        let output = house.run(arguments);
        let told = common::text(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
        assert!(told.contains(&format!("a newer analysis of it ({failed}) failed")), "{arguments:?}: {told}");
    }
    assert!(house.fails(1, &["show", &failed]).contains("it failed"));
    let server = house.start("api");
    for path in ["pages", "pages/overview", "files", "items", "symbols", "graph", "search?q=header", "export"]
    {
        server.get(&format!("/api/v1/analyses/shop/{path}"));
    }
    assert_eq!(server.get("/api/v1/analyses/shop")["status"], "failed");
    // What changes something means the newest.
    assert!(house.ok(&["rm", "shop"]).contains(&failed));
    let shown = house.run(&["show", "shop"]);
    assert!(shown.status.success() && shown.stderr.is_empty(), "{}", common::text(&shown.stderr));
}

#[test]
fn what_is_beyond_a_limit_is_told_with_its_reason() {
    let house = House::new().with("READ_MAX_FILES", "3");
    for number in 0..5 {
        house.write(&format!("many/{number}.py"), "x = 1\n");
    }
    let told = common::text(&house.run(&["read", "many"]).stderr);
    assert!(told.contains("3 files, 3 lines, Python 100 %, 2 skipped: beyond the first 3 files"), "{told}");
    let server = house.start("api");
    let counts = &server.get("/api/v1/analyses/many")["counts"];
    assert_eq!((&counts["files"], &counts["skipped"]), (&3.into(), &2.into()));
    let files = server.get("/api/v1/analyses/many/files");
    assert_eq!((files["items"].as_array().unwrap().len(), &files["left_out"]), (3, &2.into()));
    let large = house.write("mixed/large.py", &"x = 1\n".repeat(400_000));
    std::fs::write(large.with_file_name("a.py"), "x = 1\n").unwrap();
    let told = common::text(&house.run(&["read", "mixed"]).stderr);
    assert!(told.contains("1 skipped: larger than 2 MiB"), "{told}");
}

#[test]
fn what_is_removed_while_it_is_read_is_said_to_be_gone() {
    // A provider that takes the question and never answers.
    let provider = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1", provider.local_addr().unwrap());
    let house = House::new().with("OPENAI_BASE_URL", &address).with("OPENAI_MODEL", "m");
    shop(&house);
    let read = house.command(&["read", "shop"]).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("the analysis to run", || house.ok(&["list"]).contains("running").then_some(()));
    house.ok(&["rm", "shop"]);
    let output = read.wait_with_output().unwrap();
    let said = common::text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("was removed") && !said.contains("resume"), "{said}");
}

#[test]
fn our_own_data_is_never_written_into_the_repository() {
    let house = House::new();
    let folder = shop(&house);
    let before = fingerprint(&folder);
    let refused = house.fails(2, &["--data-dir", "shop/data", "read", "shop"]);
    assert!(refused.contains("the data folder") && refused.contains("--data-dir"), "{refused}");
    let mut homeless = house.command(&["read", "."]);
    let homeless = homeless.env_remove("DATA_DIR").env("HOME", "home").current_dir(&folder).output().unwrap();
    let told = common::text(&homeless.stderr);
    assert!(homeless.status.code() == Some(2) && told.contains("HOME"), "{told}");
    assert_eq!(fingerprint(&folder), before);
    assert!(!house.dir.path().join("shop/data").exists());
}

#[test]
fn a_dumb_terminal_is_sent_no_codes() {
    let house = House::new();
    shop(&house);
    for (terminal, coded) in [("dumb", false), ("xterm", true)] {
        for arguments in [&["read", "shop"][..], &["list"], &["show", "shop"]] {
            let mut command = std::process::Command::new("/usr/bin/env");
            command.args(["-i", "-C"]).arg(house.dir.path()).arg(format!("TERM={terminal}"));
            command.arg(format!("DATA_DIR={}", house.data().display())).arg(common::BINARY).args(arguments);
            let ran: Value = serde_json::from_str(&test_servers::in_terminal(&command, "[]")).unwrap();
            assert_eq!(ran["code"], 0, "{ran}");
            assert_eq!(ran["output"].as_str().unwrap().contains('\u{1b}'), coded, "{arguments:?}: {ran}");
        }
    }
}

#[test]
fn every_list_has_items_and_next_and_what_is_shown_has_the_shape_of_the_api() {
    let house = House::new();
    let folder = shop(&house);
    let folder = folder.to_str().unwrap();
    for name in ["one", "two"] {
        house.ok(&["read", folder, "--name", name]);
    }
    let lists: [&[&str]; 6] = [
        &["list", "--json"],
        &["search", "one", "header", "--json"],
        &["show", "one", "--pages", "--json"],
        &["config", "--json"],
        &["doctor", "--json"],
        &["rm", "two", "two", "--json"],
    ];
    for arguments in lists {
        let list = house.json(arguments);
        let keys: Vec<_> = list.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["items", "next"], "{arguments:?}");
        assert!(list["items"][0].is_object() && list["next"].is_null(), "{arguments:?}: {list}");
    }
    house.ok(&["read", folder, "--name", "three"]);
    let first = house.json(&["list", "--limit", "1", "--json"]);
    let next = first["next"].as_str().unwrap();
    assert!(common::text(&house.run(&["list", "--limit", "1"]).stderr).contains(next));
    let second = house.json(&["list", "--cursor", next, "--json"]);
    let names = [&first["items"][0]["name"], &second["items"][0]["name"]];
    assert_eq!((names, &second["next"]), ([&"three".into(), &"one".into()], &Value::Null));
    house.fails(2, &["list", "--cursor", "nowhere"]);
    house.fails(2, &["list", "--json", "bindings"]);

    let server = house.serve();
    for (arguments, path) in [
        (&["show", "one", "--file", "shop/prices.py", "--json"][..], "files/shop/prices.py"),
        (&["show", "one", "--pages", "--json"], "pages"),
        (&["show", "one", "architecture", "--json"], "pages/architecture"),
        (&["search", "one", "header", "--limit", "20", "--json"], "search?q=header"),
        (&["export", "one", "--format", "json"], "export"),
    ] {
        let answered = server.get(&format!("/api/v1/analyses/one/{path}"));
        assert_eq!(house.json(arguments), answered, "{path}");
    }
    assert_eq!(house.json(&["list", "--json"]), server.get("/api/v1/analyses"));
}

#[test]
fn what_cannot_be_read_is_told_and_leaves_nothing() {
    let house = House::new();
    let missing = house.fails(2, &["read", "./no/such/folder"]);
    assert!(missing.contains("no/such/folder"), "{missing}");
    std::fs::create_dir(house.dir.path().join("empty")).unwrap();
    let empty = house.run(&["read", "empty"]);
    assert!(!empty.status.success());
    assert!(house.fails(2, &["read", ""]).contains("the source is empty"));
    house.write("text.zip", "this is no zip");
    let large = house.write("large/large.py", &"x = 1\n".repeat(400_000));
    let large = house.fails(1, &["read", large.parent().unwrap().to_str().unwrap()]);
    assert!(large.contains("(skipped: 1 larger than 2 MiB)"), "{large}");
    assert!(large.contains("`code-reader resume "), "{large}");
    assert!(house.fails(1, &["show", "large"]).contains("large has no pages: it failed"));
    assert!(house.fails(1, &["export", "large", "--format", "json"]).contains("it failed"));
    let zip = house.fails(2, &["read", "text.zip"]);
    assert!(zip.contains("text.zip is a file, and no archive") && zip.contains("Give a folder"), "{zip}");
    let private = house.run(&["read", "http://127.0.0.1:1/x.git"]);
    assert!(common::text(&private.stderr).contains("ALLOW_PRIVATE_GIT"), "{}", common::text(&private.stderr));
    let inside = house.fails(2, &["read", "empty", "--out", "empty/docs"]);
    assert!(inside.contains("inside the repository"), "{inside}");
    let left: Vec<_> =
        std::fs::read_dir(house.data().join("tmp")).map(|dir| dir.flatten().collect()).unwrap_or_default();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_foreign_index_is_told_once_and_before_the_work() {
    let house = House::new();
    let folder = shop(&house);
    house.write("docs/index.md", "mine");
    let refused = house.fails(2, &["read", folder.to_str().unwrap(), "--out", "docs"]);
    assert_eq!(refused.matches("choose another folder").count(), 1, "{refused}");
    assert!(!refused.contains("Choose") && !refused.contains("scan"), "{refused}");
    assert_eq!(house.json(&["list", "--json"])["items"], serde_json::json!([]));
}

#[test]
fn it_is_told_which_commit_is_read() {
    let house = House::new();
    let folder = shop(&house);
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.arg("-C").arg(&folder).args(["-c", "user.name=Test", "-c", "user.email=test@example.org"]);
        let output = git.args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", common::text(&output.stderr));
        common::text(&output.stdout).trim().to_owned()
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "first"]);
    let commit = git(&["rev-parse", "HEAD"]);
    git(&["clone", "-q", "--bare", ".", "../bare.git"]);
    for (source, name) in [("shop", "shop"), ("bare.git", "bare")] {
        let told = common::text(&house.run(&["read", source]).stderr);
        assert!(told.starts_with(&format!("Reading {name} (git {}) without", &commit[..7])), "{told}");
        assert_eq!(house.json(&["list", "--json"])["items"][0]["commit"], commit.as_str());
    }
    assert!(house.fails(2, &["read", "bare.git", "--ref", "main"]).contains("git clone --branch"));
}

#[test]
fn the_name_of_a_file_is_no_line_of_ours() {
    let house = House::new();
    house.write("odd/a\nerror: gone\n.py", "def named():\n    return 1\n");
    house.write("odd/data.bin", "\0\0\0");
    let told = common::text(&house.run(&["read", "odd"]).stderr);
    assert!(told.contains("2 lines, Python 100 %, 1 skipped"), "{told}");
    let shown = [
        house.ok(&["search", "odd", "named"]),
        house.ok(&["show", "odd", "--file", "a\nerror: gone\n.py"]),
        house.ok(&["show", "odd", "--pages"]),
    ];
    assert!(!shown.concat().contains("\nerror: gone"), "{shown:?}");
    assert!(house.ok(&["show", "odd", "--file", "data.bin"]).contains("Not read: binary, 3 bytes."));
}

#[test]
fn one_line_is_no_lines() {
    let house = House::new();
    house.write("one/a.py", "x = 1\n");
    let told = common::text(&house.run(&["read", "one"]).stderr);
    assert!(told.contains("1 file, 1 line, Python 100 %"), "{told}");
}

#[test]
fn a_key_for_other_programs_stands_in_nobodys_way() {
    let house = House::new().with("OPENAI_API_KEY", "sk-of-others");
    let folder = shop(&house);
    let folder = folder.to_str().unwrap();
    assert!(house.fails(2, &["read", folder]).contains("OPENAI_BASE_URL"));
    assert!(house.fails(2, &["worker"]).contains("OPENAI_BASE_URL"));
    house.ok(&["read", folder, "--no-llm"]);
    for looks in
        [&["list"][..], &["show", "shop"], &["search", "shop", "price"], &["config"], &["rm", "shop"]]
    {
        house.ok(looks);
    }
    house.fails(69, &["status", "--timeout", "0.1"]);
}

#[test]
fn a_repository_does_not_choose_who_gets_the_key_of_the_user() {
    let house = House::new().with("OPENAI_API_KEY", "sk-of-the-user");
    let folder = shop(&house);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stranger = format!("http://{}/v1", listener.local_addr().unwrap());
    house.write("shop/.env", &format!("OPENAI_BASE_URL={stranger}\nOPENAI_MODEL=m\n"));
    let inside = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output =
            house.command(arguments).current_dir(&folder).envs(variables.iter().copied()).output().unwrap();
        (output.status.code(), common::text(&output.stderr))
    };
    for source in [".", "../shop"] {
        let (code, told) = inside(&["read", source], &[]);
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("shop/.env, a file of the repository") && told.contains("--no-llm"), "{told}");
    }
    assert_eq!(inside(&["read", ".", "--no-llm"], &[]).0, Some(0));
    // What the user says counts more than the file; and a key that stands beside the address is meant for it.
    let other = [("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")];
    assert!(
        inside(&["read", "."], &other).1.contains("cannot reach the LLM provider at http://127.0.0.1:1/v1")
    );
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "somebody asked the stranger");
}

#[test]
fn wrong_usage_ends_with_2_and_an_unreachable_worker_with_69() {
    let house = House::new();
    house.fails(2, &["read"]);
    house.fails(2, &["no-such-command"]);
    house.fails(69, &["status", "--timeout", "0.1"]);
    house.fails(69, &["inspect", "active", "--timeout", "0.1"]);
    let house = House::new().with("APP_PORT", "eighty");
    assert!(house.fails(2, &["list"]).contains("APP_PORT from environment is `eighty`"));
    let house = House::new().with("LLM_RPM", "-5");
    for command in ["config", "list"] {
        assert!(house.fails(2, &[command]).contains("LLM_RPM from environment is `-5`"));
    }
}

#[test]
fn the_configuration_is_shown_with_its_origins_and_without_its_secrets() {
    let house = House::new()
        .with("OPENAI_API_KEY", "sk-very-secret")
        .with("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        .with("OPENAI_MODEL", "m");
    house.write(".env", "LLM_RPM=7\n");
    let shown = house.ok(&["config"]);
    assert!(
        shown.contains("LLM_RPM") && shown.contains(".env") && !shown.contains("sk-very-secret"),
        "{shown}"
    );
    assert!(!house.ok(&["config", "--json"]).contains("sk-very-secret"));
}

#[test]
fn two_reads_share_one_worker_and_the_second_takes_over_from_the_first() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let slow = fake_llm::Config { latency: fake_llm::Latency::Fixed(0.3), ..Default::default() };
    let provider = runtime.block_on(fake_llm::FakeLlm::start(slow)).unwrap();
    let house = House::new()
        .with("OPENAI_BASE_URL", &provider.base_url())
        .with("OPENAI_MODEL", "fake-model")
        .with("LLM_MAX_CONCURRENT", "2");
    let first = shop(&house);
    for number in 0..30 {
        house.write(
            &format!("parts/part_{number}.py"),
            &format!("def part_{number}():\n    return {number}\n"),
        );
    }
    let second = house.dir.path().join("parts");
    let read = |folder: &std::path::Path| {
        let mut read = house.command(&["read", folder.to_str().unwrap(), "--json"]);
        read.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let first = read(&first);
    wait_for("the first to ask the LLM", || (provider.stats().requests > 0).then_some(()));
    let second = read(&second);
    for (name, read) in [("shop", first), ("parts", second)] {
        let output = read.wait_with_output().unwrap();
        assert!(output.status.success(), "{name}: {}", common::text(&output.stderr));
        let analysis: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&analysis["name"], &analysis["counts"]["failed"]), (&name.into(), &0.into()));
    }
    assert_eq!(provider.stats().peak_in_flight, 2, "one worker at a time");
}

#[test]
fn a_read_with_another_provider_is_not_done_by_the_first_ones() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let slow = || fake_llm::Config { latency: fake_llm::Latency::Fixed(0.3), ..Default::default() };
    let providers = [(); 2].map(|()| runtime.block_on(fake_llm::FakeLlm::start(slow())).unwrap());
    let house = House::new().with("OPENAI_MODEL", "fake-model").with("LLM_MAX_CONCURRENT", "1");
    shop(&house);
    house.write("parts/part.py", "def part():\n    return 1\n");
    let read = |folder: &str, provider: &fake_llm::FakeLlm| {
        let mut read = house.command(&["read", folder]);
        read.env("OPENAI_BASE_URL", provider.base_url()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let first = read("shop", &providers[0]);
    wait_for("the first to ask the LLM", || (providers[0].stats().requests > 1).then_some(()));
    let second = read("parts", &providers[1]);
    // One that asks no LLM has no reason to wait.
    let told = common::text(&house.run(&["read", "parts", "--no-llm", "--name", "static"]).stderr);
    assert!(
        told.contains(&format!("Another `read` (process {}) does the work of both", first.id())),
        "{told}"
    );
    let first_id = first.id();
    for (name, read) in [("shop", first), ("parts", second)] {
        let output = read.wait_with_output().unwrap();
        let told = common::text(&output.stderr);
        assert!(output.status.success(), "{name}: {told}");
        let waits = format!("(process {first_id}) works with another queue or other LLM settings");
        assert_eq!(told.contains(&waits), name == "parts", "{told}");
    }
    let asked_of = |provider: &fake_llm::FakeLlm| {
        provider.log().iter().filter_map(|entry| entry.path.clone()).any(|path| path == "part.py")
    };
    assert_eq!(providers.each_ref().map(asked_of), [false, true]);
}

#[test]
fn whatever_signal_ends_a_read_it_is_told_how_to_go_on() {
    // A provider that takes the question and never answers: the analysis runs until the signal comes.
    let provider = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1", provider.local_addr().unwrap());
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let house = House::new().with("OPENAI_BASE_URL", &address).with("OPENAI_MODEL", "m");
        let folder = shop(&house);
        let read = house.command(&["read", folder.to_str().unwrap()]).stderr(Stdio::piped()).spawn().unwrap();
        wait_for("the analysis to run", || house.ok(&["list"]).contains("running").then_some(()));
        common::kill(read.id(), signal);
        let output = read.wait_with_output().unwrap();
        let said = common::text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains("Stopped. `code-reader resume"), "{said}");
        assert!(house.ok(&["list"]).contains("cancelled"));
    }
}
