//! `read` and `resume`: the main job in the foreground, through the same queue and store as the server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use analysis::{
    Analyses, Analysis, AnalysisError, DocumentLanguage, ErrorKind, Source, Status, Step, Submission,
    SubmissionOptions,
};
use futures_util::StreamExt;
use nix::unistd::AccessFlags;
use reader::SkipReason;
use reader::document::grouped;
use tokio::task::JoinHandle;

use super::work::Work;
use crate::cli::{ReadArgs, ResumeArgs};
use crate::config::Config;
use crate::error::CliError;
use crate::interrupt::Interrupt;
use crate::progress::{StepBars, counted, seconds};
use crate::terminal;

/// How often the disk is looked at while nothing is heard of the analysis.
const LOOK_AT_ROOM: Duration = Duration::from_secs(2);

/// Submits a repository and stays until it is read.
pub async fn run(config: &Config, args: ReadArgs) -> Result<u8, CliError> {
    let source = source_of(&args)?;
    if let Some(out) = &args.out {
        check_out(out, &source)?;
        check_may_write(out)?;
    }
    if let (Some(file), false) = (&config.provider_file, args.no_llm) {
        check_provider_file(file, &source)?;
    }
    let language = match args.lang.as_deref() {
        Some("zh") => Some(DocumentLanguage::Zh),
        Some(_) => Some(DocumentLanguage::En),
        None => None,
    };
    let submission = Submission {
        source,
        name: args.name.clone(),
        options: SubmissionOptions { language, model: args.model.clone(), static_only: args.no_llm },
    };
    let mut interrupt = Interrupt::listen()?;
    let analyses = super::open(config).await?;
    // Before somebody is found or waited for who would do it.
    analyses.check(&submission).await?;
    let begun = Work::begin(config, &analyses, !args.no_llm);
    let mut work = tokio::select! {
        work = begun => work?,
        exit_code = interrupt.exit_code() => return Ok(exit_code),
    };
    let outcome = match analyses.submit(submission).await {
        Ok(analysis) => follow(&mut work, analysis, interrupt, args.out.as_deref(), args.json).await,
        Err(error) => Err(error.into()),
    };
    work.end().await;
    outcome
}

/// Goes on with an analysis that stopped.
pub async fn resume(config: &Config, args: ResumeArgs) -> Result<u8, CliError> {
    if let Some(out) = &args.out {
        check_may_write(out)?;
    }
    let mut interrupt = Interrupt::listen()?;
    let analyses = super::open(config).await?;
    let analysis = analyses.get(&args.analysis).await?;
    if analysis.model.is_some() {
        config.require_llm()?;
    }
    let begun = Work::begin(config, &analyses, analysis.model.is_some());
    let mut work = tokio::select! {
        work = begun => work?,
        exit_code = interrupt.exit_code() => return Ok(exit_code),
    };
    let outcome = match analyses.resume(&analysis.id).await {
        Ok(analysis) => follow(&mut work, analysis, interrupt, args.out.as_deref(), args.json).await,
        Err(error) => Err(error.into()),
    };
    work.end().await;
    outcome
}

/// What the user means by the source.
fn source_of(args: &ReadArgs) -> Result<Source, CliError> {
    let text = args.source.as_str();
    let path = Path::new(text);
    let looks_like_url = text.contains("://") || is_scp_like(text);
    if !path.exists() && looks_like_url {
        return Ok(Source::Git { git: text.to_owned(), reference: args.reference.clone() });
    }
    if args.reference.is_some() {
        return Err(CliError::usage("--ref goes with a git URL, and the source is a path")
            .hint("check it out at that revision first, such as with `git clone --branch REF FOLDER NEW`, and read that"));
    }
    if text.is_empty() {
        return Err(
            CliError::usage("the source is empty").hint("give a folder, a git URL, or a zip or tar archive")
        );
    }
    let absolute = std::path::absolute(path)?;
    let absolute = absolute.to_str().ok_or_else(|| {
        CliError::usage(format!("the path {} is not valid UTF-8", path.display()))
            .hint("rename it, or read it through a link with another name")
    })?;
    if path.is_file() {
        return Ok(Source::Archive { archive: absolute.to_owned() });
    }
    Ok(Source::Path { path: absolute.to_owned() })
}

/// `user@host:path`, as git takes it.
fn is_scp_like(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(host, path)| host.contains('@') && !host.contains('/') && !path.is_empty())
}

/// Nothing is ever written into the repository that is read; asked before the data folder is made.
pub fn check_data_dir(data_dir: &Path, args: &ReadArgs) -> Result<(), CliError> {
    check_outside(
        "the data folder",
        data_dir,
        &source_of(args)?,
        "choose another with --data-dir or DATA_DIR",
    )
}

fn check_out(out: &Path, source: &Source) -> Result<(), CliError> {
    check_outside("--out", out, source, "choose a folder beside it")
}

fn check_outside(what: &str, folder: &Path, source: &Source, hint: &str) -> Result<(), CliError> {
    let Source::Path { path } = source else { return Ok(()) };
    let resolved = nearest_existing(&std::path::absolute(folder)?);
    let inside = Path::new(path).canonicalize().is_ok_and(|repository| resolved.starts_with(repository));
    if inside {
        return Err(CliError::usage(format!(
            "{what} {} lies inside the repository that is read",
            folder.display()
        ))
        .hint(format!("nothing is written there: {hint}")));
    }
    Ok(())
}

/// Repositories are data: no file of theirs says who gets the user's key.
fn check_provider_file(file: &Path, source: &Source) -> Result<(), CliError> {
    let Source::Path { path } = source else { return Ok(()) };
    let (Ok(file), Ok(repository)) = (file.canonicalize(), Path::new(path).canonicalize()) else {
        return Ok(());
    };
    if !file.starts_with(repository) {
        return Ok(());
    }
    Err(CliError::usage(format!(
        "OPENAI_BASE_URL comes from {}, a file of the repository that is read, and would get the OPENAI_API_KEY of your environment",
        file.display()
    ))
    .hint("set OPENAI_BASE_URL in your environment too if you trust that address, or read with --no-llm"))
}

/// That the folder cannot be made is told before the work and not after it.
fn check_may_write(out: &Path) -> Result<(), CliError> {
    if out.is_dir() {
        reader::export::check_folder(out).map_err(|error| CliError::usage(error.to_string()))?;
    }
    let is_new = !out.exists();
    let made = std::fs::create_dir_all(out).and_then(|()| {
        // The export makes it again: a reading that fails leaves nothing.
        if is_new {
            std::fs::remove_dir(out)
        } else {
            nix::unistd::access(out, AccessFlags::W_OK).map_err(Into::into)
        }
    });
    made.map_err(|error| {
        CliError::usage(format!("--out {} cannot be written: {error}", out.display()))
            .hint("choose another folder")
    })
}

/// The resolved path of the nearest folder above that exists, with the rest joined again.
fn nearest_existing(path: &Path) -> PathBuf {
    for above in path.ancestors() {
        if let (Ok(resolved), Ok(rest)) = (above.canonicalize(), path.strip_prefix(above)) {
            return resolved.join(rest);
        }
    }
    path.to_owned()
}

async fn follow(
    work: &mut Work<'_>,
    analysis: Analysis,
    mut interrupt: Interrupt,
    out: Option<&Path>,
    json: bool,
) -> Result<u8, CliError> {
    let analyses = work.analyses;
    let begun = Instant::now();
    if let Source::Git { git, .. } = &analysis.source {
        terminal::note(&format!("Fetching {}.", terminal::plain(git)));
    }
    // Not before it is known which commit is read.
    let mut bars: Option<StepBars> = None;
    let mut events = analyses.watch(&analysis.id, None).await?;
    let mut found = BTreeMap::new();
    let last = loop {
        tokio::select! {
            event = events.next() => match event {
                Some(event) => {
                    let state = event?.analysis;
                    if found.is_empty() && state.step.is_none_or(|step| step > Step::Index) {
                        found = findings(analyses, &state).await;
                    }
                    if bars.is_none() && is_fetched(&state) {
                        terminal::note(&headline(&state));
                        bars = Some(StepBars::new(terminal::obeys_codes(&std::io::stderr())));
                    }
                    if let Some(bars) = &mut bars {
                        bars.update(&state, &|step| summary(step, &state, &found));
                    }
                    if state.status.is_final() {
                        break state;
                    }
                }
                None => match analyses.get(analysis.id.as_str()).await {
                    Err(error) if error.kind == ErrorKind::NotFound => {
                        bars.iter().for_each(StepBars::stop);
                        return Err(CliError::failed(format!(
                            "the analysis {} was removed while it was read",
                            analysis.id
                        )));
                    }
                    state => break state?,
                },
            },
            taken_over = work.taken_over() => taken_over?,
            full = room_is_gone(analyses) => {
                bars.iter().for_each(StepBars::stop);
                return Err(CliError::failed(full.message).hint(format!(
                    "free some space, then `code-reader resume {}` goes on from here: what is done is kept",
                    analysis.id
                )));
            }
            exit_code = interrupt.exit_code() => {
                bars.iter().for_each(StepBars::stop);
                let state = analyses.cancel(&analysis.id).await?;
                if state.status == Status::Cancelled {
                    if json {
                        terminal::print_json(&state)?;
                    }
                    terminal::note(&format!("Stopped. `code-reader resume {}` goes on from here.", analysis.id));
                    return Ok(exit_code);
                }
                break state;
            }
        }
    };
    bars.iter().for_each(StepBars::stop);
    if let (Status::Completed, Some(out)) = (last.status, out) {
        analyses.export_folder(&last.id, out).await?;
    }
    if json {
        terminal::print_json(&last)?;
    }
    finish(analyses, &last, begun.elapsed(), out).await
}

/// On a full disk no task can be taken from the queue, and the failure cannot be written into the row: nobody would
/// ever tell whoever follows an analysis that it stands still.
///
/// Returns when the disk was full twice in a row: once is a moment in which a step gives back what it took. Whoever
/// hears something in between asks anew.
async fn room_is_gone(analyses: &Analyses) -> AnalysisError {
    let mut missing = 0;
    loop {
        tokio::time::sleep(LOOK_AT_ROOM).await;
        match analyses.check_room().await {
            Err(error) if error.code == "disk_full" => {
                missing += 1;
                if missing > 1 {
                    return error;
                }
            }
            _ => missing = 0,
        }
    }
}

/// Lines, languages, imports and chunks, which only the knowledge base knows.
async fn findings(analyses: &Analyses, analysis: &Analysis) -> BTreeMap<Step, String> {
    let mut found = BTreeMap::new();
    let Ok(knowledge) = analyses.knowledge(&analysis.id).await else { return found };
    let read: JoinHandle<_> = tokio::task::spawn_blocking(move || (knowledge.counts(), knowledge.files()));
    if let Ok((counts, Ok(files))) = read.await {
        let mut lines_by_language: BTreeMap<reader::Language, u64> = BTreeMap::new();
        let mut skipped: BTreeMap<SkipReason, u64> = BTreeMap::new();
        if counts.left_out > 0 {
            skipped.insert(SkipReason::TooMany, counts.left_out);
        }
        for file in &files {
            if let Some(reason) = file.skipped {
                *skipped.entry(reason).or_default() += 1;
            }
            if let Some(language) = file.language.filter(|language| language.is_code()) {
                *lines_by_language.entry(language).or_default() += u64::from(file.lines);
            }
        }
        let code: u64 = lines_by_language.values().sum();
        let mut scan = format!(
            "{}, {}",
            counted(counts.files - counts.skipped, "file", "files"),
            counted(counts.lines, "line", "lines")
        );
        if let Some((language, lines)) = lines_by_language.into_iter().max_by_key(|(_, lines)| *lines) {
            scan.push_str(&format!(", {} {} %", language.name(), lines * 100 / code.max(1)));
        }
        if counts.skipped > 0 {
            let why = |reason| analysis::why_skipped(reason, analyses.settings());
            scan.push_str(&format!(", {} skipped: {}", grouped(counts.skipped), reasons(skipped, why)));
        }
        found.insert(Step::Scan, scan);
        found.insert(
            Step::Index,
            format!(
                "{}, {}, {}",
                counted(counts.symbols, "symbol", "symbols"),
                counted(counts.imports, "import", "imports"),
                counted(counts.chunks, "chunk", "chunks")
            ),
        );
    }
    found
}

/// Why files were skipped, the most frequent reason first, and how many for each where there are several.
fn reasons(skipped: BTreeMap<SkipReason, u64>, why: impl Fn(SkipReason) -> String) -> String {
    const TOLD: usize = 3;
    let mut skipped: Vec<(SkipReason, u64)> = skipped.into_iter().collect();
    if let [(only, _)] = skipped[..] {
        return why(only);
    }
    skipped.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let told =
        skipped.iter().take(TOLD).map(|(reason, count)| format!("{} {}", grouped(*count), why(*reason)));
    let rest = (skipped.len() > TOLD).then(|| "…".to_owned());
    told.chain(rest).collect::<Vec<_>>().join(", ")
}

/// What a finished step found. Scan and index run as one stream, and only the knowledge base, which stands
/// at their end, knows all that they found.
fn summary(step: Step, analysis: &Analysis, found: &BTreeMap<Step, String>) -> Option<String> {
    let counts = &analysis.counts;
    match step {
        Step::Scan | Step::Index => {
            let over = analysis.step.is_none_or(|now| now > Step::Index);
            let counted = || match step {
                Step::Scan => counted(counts.files, "file", "files"),
                _ => counted(counts.symbols, "symbol", "symbols"),
            };
            over.then(|| found.get(&step).cloned().unwrap_or_else(counted))
        }
        Step::Analyze if counts.failed > 0 => Some(format!(
            "{}, {} without the LLM's answer",
            counted(counts.analyzed, "file", "files"),
            grouped(counts.failed)
        )),
        Step::Analyze => Some(counted(counts.analyzed, "file", "files")),
        Step::Document => Some(counted(counts.pages, "page", "pages")),
    }
}

/// Whether it is known what is read: a folder or an archive at once, a git URL when it is fetched.
fn is_fetched(analysis: &Analysis) -> bool {
    !matches!(analysis.source, Source::Git { .. }) || analysis.commit.is_some()
}

fn headline(analysis: &Analysis) -> String {
    let mut name = terminal::name(&analysis.name);
    if let Some(commit) = analysis.commit.as_ref().and_then(|commit| commit.get(..7)) {
        name.push_str(&format!(" (git {commit})"));
    }
    match &analysis.model {
        Some(model) => format!("Reading {name} with {}.", terminal::plain(model)),
        None => format!(
            "Reading {name} without an LLM: static analysis. Set OPENAI_BASE_URL, OPENAI_MODEL and OPENAI_API_KEY for written explanations."
        ),
    }
}

async fn finish(
    analyses: &Analyses,
    analysis: &Analysis,
    took: Duration,
    out: Option<&Path>,
) -> Result<u8, CliError> {
    match analysis.status {
        Status::Completed => {}
        Status::Cancelled => {
            terminal::note(&format!("Cancelled. `code-reader resume {}` goes on from here.", analysis.id));
            return Ok(1);
        }
        _ => {
            let failure = analysis.error.as_ref();
            let message =
                failure.map_or_else(|| "the analysis failed".to_owned(), |failure| failure.message.clone());
            let again = format!("`code-reader resume {}` tries again; what is done is kept.", analysis.id);
            let hint = match failure {
                Some(failure) if !failure.hint.is_empty() => format!("{}\n  {again}", failure.hint),
                _ => again,
            };
            return Err(CliError::failed(message).hint(hint));
        }
    }
    let citations: usize = analyses.pages(&analysis.id).await?.iter().map(|page| page.citations.len()).sum();
    // What begins like a flag is called by its id.
    let name = if analysis.name.starts_with('-') { analysis.id.as_str() } else { &analysis.name };
    let mut lines = vec![format!(
        "Done in {}: {}, {}, all resolve.",
        seconds(took),
        counted(analysis.counts.pages, "page", "pages"),
        counted(citations as u64, "citation", "citations")
    )];
    if analysis.llm.calls + analysis.llm.cached > 0 {
        let cost =
            if analysis.llm.cost > 0.0 { format!(", cost {:.4}", analysis.llm.cost) } else { String::new() };
        let cached = match analysis.llm.cached {
            0 => String::new(),
            cached => format!(" ({} more answered by the cache)", grouped(cached)),
        };
        lines.push(format!(
            "  LLM         {}{cached}, {} tokens{cost}",
            counted(analysis.llm.calls, "call", "calls"),
            grouped(analysis.llm.prompt_tokens + analysis.llm.completion_tokens)
        ));
    }
    if let Some(out) = out {
        lines.push(format!("  written to  {}", out.join("index.md").display()));
    }
    let called = terminal::word(name);
    // A name that cannot stand in an address as it is has its id there.
    let address = if called == *name && !name.contains('/') { name } else { analysis.id.as_str() };
    lines.push(format!(
        "  read it     code-reader show {called}            (or open /a/{address} with `code-reader serve`)"
    ));
    lines.push(format!("  search it   code-reader search {called} \"…\""));
    terminal::note(&lines.join("\n"));
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(source: &str) -> ReadArgs {
        ReadArgs {
            source: source.to_owned(),
            out: None,
            reference: None,
            name: None,
            model: None,
            lang: None,
            no_llm: false,
            json: false,
        }
    }

    #[test]
    fn a_source_is_what_it_looks_like() {
        let folder = tempfile::tempdir().unwrap();
        let zip = folder.path().join("a.zip");
        std::fs::write(&zip, "x").unwrap();
        assert!(matches!(source_of(&args(folder.path().to_str().unwrap())), Ok(Source::Path { .. })));
        assert!(matches!(source_of(&args(zip.to_str().unwrap())), Ok(Source::Archive { .. })));
        assert!(matches!(source_of(&args("https://example.org/a.git")), Ok(Source::Git { .. })));
        assert!(matches!(source_of(&args("git@example.org:team/a")), Ok(Source::Git { .. })));
        assert!(
            matches!(source_of(&args("./not/there")), Ok(Source::Path { .. })),
            "submit says that it is missing"
        );
    }

    #[test]
    fn reasons_are_told_the_most_frequent_first() {
        let told = |skipped: &[(SkipReason, u64)]| {
            reasons(skipped.iter().copied().collect(), |reason| format!("{reason:?}"))
        };
        assert_eq!(told(&[(SkipReason::TooMany, 20_000)]), "TooMany");
        let two = [(SkipReason::Binary, 2), (SkipReason::TooMany, 20_000)];
        assert_eq!(told(&two), "20,000 TooMany, 2 Binary");
        let five = [
            (SkipReason::Binary, 1),
            (SkipReason::Vendored, 2),
            (SkipReason::Minified, 3),
            (SkipReason::TooLarge, 4),
            (SkipReason::Symlink, 5),
        ];
        assert_eq!(told(&five), "5 Symlink, 4 TooLarge, 3 Minified, …");
    }

    #[test]
    fn nothing_is_written_into_the_repository() {
        let folder = tempfile::tempdir().unwrap();
        let source = Source::Path { path: folder.path().to_str().unwrap().to_owned() };
        assert!(check_out(&folder.path().join("docs/new"), &source).is_err());
        assert!(check_out(&folder.path().join("../elsewhere"), &source).is_ok());
        let args = args(folder.path().to_str().unwrap());
        let error = check_data_dir(&folder.path().join("data"), &args).unwrap_err().to_string();
        assert!(error.starts_with("the data folder") && error.contains("--data-dir"), "{error}");
        assert!(!folder.path().join("data").exists());
        assert!(check_data_dir(&folder.path().join("../data"), &args).is_ok());
    }

    #[test]
    fn an_output_that_cannot_be_written_is_told_before_the_work() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        assert!(check_may_write(&file).unwrap_err().to_string().contains("--out"));
        assert!(check_may_write(&file.join("docs")).is_err());
        assert!(check_may_write(&folder.path().join("docs")).is_ok());
        assert!(!folder.path().join("docs").exists());
    }
}
