//! Where repositories come from: archives, uploads, git.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::{Cursor, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use analysis::{ErrorKind, Settings, Source, Status};
use bytes::Bytes;
use common::{Bed, PACKAGE};
use futures_util::stream;
use zip::write::SimpleFileOptions;

fn zipped(prefix: &str, files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, text) in files {
        writer.start_file(format!("{prefix}{path}"), SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn in_chunks(bytes: Vec<u8>) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> + Send {
    let chunks: Vec<_> = bytes.chunks(1000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    stream::iter(chunks)
}

/// Where the links of all pages of an export lead; each leads to a file.
fn links(out: &Path) -> Vec<PathBuf> {
    let (mut targets, mut folders) = (Vec::new(), vec![out.to_owned()]);
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() && !path.ends_with("source") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                let text = std::fs::read_to_string(&path).unwrap();
                for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')) {
                    let file = link.0.split('#').next().unwrap();
                    if !file.is_empty() && !file.contains("://") {
                        let target = folder.join(file).canonicalize();
                        targets.push(
                            target.unwrap_or_else(|error| panic!("{}: {file}: {error}", path.display())),
                        );
                    }
                }
            }
        }
    }
    targets
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_read_and_goes_with_its_analysis() {
    let bed = Bed::new().await;
    let secret =
        ("greeter/keys.py", "API_KEY = \"q8Zr4TnW2xLp7VbK9mYc3\"\n\n\ndef key():\n    return API_KEY\n");
    let bytes = zipped("greeter-1.0/", &[PACKAGE, &[secret]].concat());
    let size = bytes.len() as u64;
    let (upload, taken) =
        bed.analyses.upload(Some("greeter-1.0.zip".into()), 1 << 20, in_chunks(bytes)).await.unwrap();
    assert_eq!(taken, size);
    let done = bed.read(Source::Upload { upload: upload.clone() }).await;
    assert_eq!((done.status, done.name.as_str(), done.counts.files), (Status::Completed, "greeter-1.0", 7));
    assert!(bed.analyses.knowledge(&done.id).await.unwrap().file("greeter/core.py").unwrap().is_some());
    assert!(bed.temporary().is_empty());
    let out = bed.path("out");
    bed.analyses.export_folder(&done.id, &out).await.unwrap();
    let sources = links(&out).into_iter().filter(|target| target.starts_with(out.join("source"))).count();
    assert!(sources > 5, "{sources} links to sources");
    let copy = std::fs::read_to_string(out.join("source/greeter/keys.py")).unwrap();
    assert!(copy.starts_with("API_KEY = \"********\"\n"), "{copy}");
    let kept = bed.path("data/objects/uploads").join(upload.as_str());
    assert!(kept.exists());
    bed.analyses.remove(&done.id).await.unwrap();
    assert!(!kept.exists());
    let error = bed.analyses.submit(Source::Upload { upload }.into()).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::NotFound, "upload_not_found"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_no_good_leaves_nothing_behind() {
    let bed = Bed::with(|_| {}).await;
    let good = zipped("", PACKAGE);
    let broken = stream::iter([Ok(Bytes::from_static(b"PK\x03\x04")), Err(std::io::Error::other("gone"))]);
    for (name, error, code) in [
        ("text", bed.analyses.upload(None, 1 << 20, in_chunks(b"hello".to_vec())).await, "archive_format"),
        (
            "hostile",
            bed.analyses.upload(None, 1 << 20, in_chunks(zipped("../", PACKAGE))).await,
            "archive_unsafe",
        ),
        ("large", bed.analyses.upload(None, 100, in_chunks(good.clone())).await, "upload_too_large"),
        (
            "cut",
            bed.analyses.upload(None, 1 << 20, in_chunks(good[..good.len() / 2].to_vec())).await,
            "archive_damaged",
        ),
        ("broken", bed.analyses.upload(None, 1 << 20, broken).await, "upload_broken"),
    ] {
        assert_eq!(error.unwrap_err().code, code, "{name}");
    }
    assert!(bed.temporary().is_empty());
    assert!(!bed.path("data/objects/uploads").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_of_this_machine_is_read() {
    let bed = Bed::new().await;
    let path = bed.path("greeter.zip");
    std::fs::write(&path, zipped("", PACKAGE)).unwrap();
    let archive = path.to_str().unwrap().to_owned();
    let done = bed.read(Source::Archive { archive }).await;
    assert_eq!((done.status, done.name.as_str()), (Status::Completed, "greeter"));
    let hostile = bed.path("hostile.zip");
    std::fs::write(&hostile, zipped("x/../../", PACKAGE)).unwrap();
    let failed = bed.read(Source::Archive { archive: hostile.to_str().unwrap().to_owned() }).await;
    assert_eq!((failed.status, failed.error.unwrap().code.as_str()), (Status::Failed, "archive_unsafe"));
    assert!(bed.temporary().is_empty());
}

/// `git daemon` over a folder of repositories.
struct Daemon {
    child: Child,
    port: u16,
}

impl Daemon {
    fn over(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("git")
            .args(["daemon", "--export-all", "--reuseaddr", "--listen=127.0.0.1", &format!("--port={port}")])
            .arg(format!("--base-path={}", folder.display()))
            .arg(folder)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < common::LONG, "git daemon does not start");
            std::thread::yield_now();
        }
        Self { child, port }
    }

    fn url(&self, name: &str) -> String {
        format!("git://127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // `git daemon` is a process below `git`.
        let id = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
            let _ =
                nix::sys::signal::kill(nix::unistd::Pid::from_raw(child), nix::sys::signal::Signal::SIGTERM);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn allow_local(settings: &mut Settings) {
    settings.git.allow_private_hosts = true;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_git_repository_is_fetched_at_a_branch_a_tag_or_a_commit() {
    let bed = Bed::with(allow_local).await.working();
    let served = bed.path("served");
    let work = bed.repository("served/greeter", PACKAGE);
    git(&work, &["init", "-q"]);
    git(&work, &["add", "."]);
    git(&work, &["commit", "-qm", "first"]);
    git(&work, &["tag", "v1"]);
    let first = git(&work, &["rev-parse", "HEAD"]);
    common::write(
        &work,
        &[("greeter/more.py", "x = 1\n"), (".git/hooks/post-checkout", "#!/bin/sh\ntouch HOOK\n")],
    );
    git(&work, &["add", "."]);
    git(&work, &["commit", "-qm", "second"]);
    git(&work, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let second = git(&work, &["rev-parse", "HEAD"]);
    let daemon = Daemon::over(&served);
    for (reference, commit, files) in [
        (None, &second, 7),
        (Some("main"), &second, 7),
        (Some("v1"), &first, 6),
        (Some(first.as_str()), &first, 6),
    ] {
        let source = Source::Git { git: daemon.url("greeter"), reference: reference.map(str::to_owned) };
        let done = bed.read(source).await;
        assert_eq!((done.status, done.error), (Status::Completed, None), "{reference:?}");
        assert_eq!((done.name.as_str(), done.counts.files), ("greeter", files), "{reference:?}");
        let knowledge = bed.analyses.knowledge(&done.id).await.unwrap();
        assert_eq!(knowledge.meta().revision.as_ref(), Some(commit), "{reference:?}");
        assert_eq!(done.commit.as_ref(), Some(commit), "{reference:?}");
    }
    for (name, reference, code) in
        [("nothing", None, "git_not_found"), ("greeter", Some("no-such"), "git_ref_not_found")]
    {
        let source = Source::Git { git: daemon.url(name), reference: reference.map(str::to_owned) };
        let error = bed.read(source).await.error.unwrap();
        assert_eq!(error.code, code, "{error:?}");
    }
    let url = daemon.url("greeter");
    drop(daemon);
    let error = bed.read(Source::Git { git: url, reference: None }).await.error.unwrap();
    assert_eq!(error.code, "git_unreachable", "{error:?}");
    assert!(bed.temporary().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_repository_is_read_by_its_files_and_nothing_of_it_runs() {
    let bed = Bed::new().await;
    let work = bed.repository("greeter", PACKAGE);
    git(&work, &["init", "-q"]);
    git(&work, &["add", "."]);
    git(&work, &["commit", "-qm", "first"]);
    let commit = git(&work, &["rev-parse", "HEAD"]);
    git(&bed.path(""), &["clone", "-q", "--bare", "greeter", "of others.git"]);
    let bare = bed.path("of others.git");
    let (hook, ran) = (bed.path("hook"), bed.path("ran"));
    std::fs::write(&hook, format!("#!/bin/sh\ntouch {}\nexec \"$@\"\n", ran.display())).unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    for setting in ["core.fsmonitor", "uploadpack.packObjectsHook", "core.sshCommand", "core.gitProxy"] {
        git(&bare, &["config", setting, hook.to_str().unwrap()]);
    }
    for name in ["post-checkout", "pre-receive", "reference-transaction", "post-update"] {
        std::fs::copy(&hook, bare.join("hooks").join(name)).unwrap();
    }
    for (folder, name) in [(bare, "of others"), (work.join(".git"), "greeter")] {
        let done = bed.read_path(&folder).await;
        assert_eq!((done.status, done.error), (Status::Completed, None));
        assert_eq!((done.name.as_str(), done.counts.files), (name, 6));
        assert_eq!(done.commit.as_deref(), Some(commit.as_str()));
        let out = bed.path("out");
        bed.analyses.export_folder(&done.id, &out).await.unwrap();
        assert!(links(&out).iter().any(|target| target.starts_with(out.join("source"))));
    }
    assert!(!ran.exists());
    assert!(bed.temporary().is_empty());
    let error = bed.analyses.submit(Source::Git { git: "file:///etc".into(), reference: None }.into()).await;
    assert_eq!(error.unwrap_err().code, "git_url", "a URL still leads to no file of this machine");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_repository_leads_to_no_other_one() {
    let bed = Bed::new().await;
    let work = bed.repository("private", PACKAGE);
    git(&work, &["init", "-q", "-b", "main"]);
    git(&work, &["add", "."]);
    git(&work, &["commit", "-qm", "first"]);
    let commit = git(&work, &["rev-parse", "HEAD"]);
    let private = work.join(".git");
    let elsewhere = private.to_str().unwrap();
    type Leads = fn(&Path, &str);
    let ways: [(&str, Leads); 5] = [
        ("gitfile", |bare, to| std::fs::write(bare.join(".git"), format!("gitdir: {to}\n")).unwrap()),
        ("commondir", |bare, to| std::fs::write(bare.join("commondir"), to).unwrap()),
        ("alternates", |bare, to| {
            std::fs::write(bare.join("objects/info/alternates"), format!("{to}/objects\n")).unwrap();
        }),
        ("objects", |bare, to| {
            std::fs::remove_dir_all(bare.join("objects")).unwrap();
            std::os::unix::fs::symlink(format!("{to}/objects"), bare.join("objects")).unwrap();
        }),
        ("fan-out", |bare, to| {
            for entry in std::fs::read_dir(format!("{to}/objects")).unwrap() {
                let path = entry.unwrap().path();
                let link = bare.join("objects").join(path.file_name().unwrap());
                let _ = std::fs::remove_dir(&link);
                std::os::unix::fs::symlink(&path, &link).unwrap();
            }
        }),
    ];
    for (name, lead) in ways {
        let bare = bed.path(&format!("{name}.git"));
        git(&bed.path(""), &["init", "-q", "--bare", "-b", "main", bare.to_str().unwrap()]);
        std::fs::create_dir_all(bare.join("objects/info")).unwrap();
        if name != "commondir" {
            std::fs::write(bare.join("refs/heads/main"), format!("{commit}\n")).unwrap();
        }
        lead(&bare, elsewhere);
        let done = bed.read_path(&bare).await;
        let code = done.error.map(|error| error.code);
        assert_eq!((done.status, code.as_deref()), (Status::Failed, Some("git_outside")), "{name}");
    }
    assert!(bed.temporary().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_is_given_up() {
    let bed = Bed::with(|settings| {
        allow_local(settings);
        settings.git.timeout = Duration::from_millis(500);
    })
    .await
    .working();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("git://127.0.0.1:{}/x", silent.local_addr().unwrap().port());
    let failed = bed.read(Source::Git { git: url.clone(), reference: None }).await;
    assert_eq!(failed.error.unwrap().code, "git_timeout");
    assert!(bed.temporary().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_can_be_cancelled() {
    let bed = Bed::with(allow_local).await.working();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("git://127.0.0.1:{}/x", silent.local_addr().unwrap().port());
    let submitted = bed.analyses.submit(Source::Git { git: url, reference: None }.into()).await.unwrap();
    // The server has a caller: git runs.
    let (caller, _) = tokio::task::spawn_blocking(move || silent.accept().unwrap()).await.unwrap();
    bed.analyses.cancel(&submitted.id).await.unwrap();
    // Git is killed: its end of the line closes.
    let closed = tokio::task::spawn_blocking(move || {
        caller.set_read_timeout(Some(common::LONG)).unwrap();
        std::io::copy(&mut &caller, &mut std::io::sink()).is_ok()
    });
    assert!(closed.await.unwrap(), "git still runs");
    let begun = Instant::now();
    while !bed.temporary().is_empty() {
        assert!(begun.elapsed() < common::LONG, "{:?}", bed.temporary());
        tokio::task::yield_now().await;
    }
    assert_eq!(bed.analyses.get(submitted.id.as_str()).await.unwrap().status, Status::Cancelled);
}

/// An HTTP server that answers every request with a redirect there.
async fn redirecting(target: impl Fn(u16) -> String) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = format!(
        "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        target(port)
    );
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_to_other_hosts_and_in_circles_are_not_followed() {
    let bed = Bed::with(allow_local).await.working();
    let away = redirecting(|_| "http://localhost:1/evil/info/refs?service=git-upload-pack".to_owned()).await;
    let failed = bed.read(Source::Git { git: format!("http://127.0.0.1:{away}/x"), reference: None }).await;
    assert_eq!(failed.error.as_ref().unwrap().code, "git_redirect", "{:?}", failed.error);
    let circle =
        redirecting(|port| format!("http://127.0.0.1:{port}/y/info/refs?service=git-upload-pack")).await;
    let failed = bed.read(Source::Git { git: format!("http://127.0.0.1:{circle}/x"), reference: None }).await;
    assert_eq!(failed.error.as_ref().unwrap().code, "git_failed", "{:?}", failed.error);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_with_a_private_address_is_refused_by_the_worker_too() {
    let bed = Bed::new().await;
    // Every system resolves it, and to this machine.
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned();
    let resolves = tokio::net::lookup_host((host.as_str(), 80)).await;
    let is_private = resolves.is_ok_and(|mut found| {
        found.any(|address| match address.ip() {
            std::net::IpAddr::V4(address) => address.is_private() || address.is_loopback(),
            std::net::IpAddr::V6(address) => address.is_loopback(),
        })
    });
    if !is_private {
        return;
    }
    let failed = bed.read(Source::Git { git: format!("http://{host}/x"), reference: None }).await;
    assert_eq!(failed.error.unwrap().code, "git_private_host");
}
