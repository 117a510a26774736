//! Interfaces: HTTP routes, commands and their options.

use std::collections::BTreeMap;

use super::super::manifest::Ecosystem;
use super::super::markdown::{Writer, code, escape};
use super::super::survey::{Survey, SymbolAt};
use super::super::text::Key;
use super::book::{Book, INTERFACES};
use super::commands;
use crate::domain::Page;

/// What answers is wrapped so often.
const MOST_WRAPPERS: usize = 4;

const MOST_ROUTES: usize = 200;

pub(super) fn page(book: &Book<'_>) -> Option<Page> {
    let title = book.word(Key::TitleInterfaces);
    let mut body = Writer::default();
    installed(book, &mut body);
    routes(book, &mut body);
    commands::section(book, &mut body);
    if body.is_empty() {
        return None;
    }
    let mut writer = book.begin(&title, None);
    writer.append(body);
    Some(book.page(INTERFACES, &title, None, 5, writer))
}

fn installed(book: &Book<'_>, writer: &mut Writer) {
    let survey = book.survey;
    let rows: Vec<Vec<String>> = survey
        .commands()
        .into_iter()
        .take(60)
        .map(|(entry, manifest)| {
            let target = survey
                .target_symbol(entry, manifest)
                .map(|at| book.symbol_and_place(at))
                .or_else(|| survey.target_file(entry, manifest).map(|at| book.file(at)))
                // What a build makes is named; where .NET's programs start is only a guess.
                .or_else(|| {
                    let made = entry.target.as_deref().map(code);
                    made.filter(|_| manifest.ecosystem != Ecosystem::DotNet)
                })
                .unwrap_or_default();
            vec![code(&entry.name), target, book.place(&manifest.path, entry.lines)]
        })
        .collect();
    if !rows.is_empty() {
        writer.heading(2, &book.word(Key::HeadInstalled));
        writer.table(
            &[&book.word(Key::ColCommand), &book.word(Key::ColRead), &book.word(Key::ColWhere)],
            &rows,
        );
    }
}

/// The name of what answers: without what wraps it (`wrap(api.query)`), and of a class what makes a view of it.
fn answering(handler: &str) -> Option<&str> {
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_.:#, \\@".contains(c));
    let mut name = handler;
    for _ in 0..MOST_WRAPPERS {
        if let Some((view, _)) = name.split_once(".as_view(") {
            name = view;
        }
        if is_name(name) {
            return Some(name);
        }
        let (_, inner) = name.split_once('(')?;
        let inner = inner.strip_suffix(')')?;
        name = inner
            .split([',', '('])
            .next()
            .filter(|first| is_name(first) && !inner.starts_with(&format!("{first}(")))
            .unwrap_or(inner);
    }
    None
}

fn routes(book: &Book<'_>, writer: &mut Writer) {
    let survey = book.survey;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut frameworks: BTreeMap<String, usize> = BTreeMap::new();
    for (at, facts) in survey.files.iter().enumerate().filter(|(at, _)| survey.is_source(*at)) {
        for route in facts.routes.iter().filter(|route| !in_tests(survey, at, route.line)) {
            *frameworks.entry(route.framework.clone()).or_default() += 1;
            let handler = route.handler.as_deref().and_then(answering).map_or_else(String::new, |name| {
                let last = name.rsplit(['.', ':']).next().unwrap_or(name);
                let symbol = facts
                    .symbols
                    .iter()
                    .position(|symbol| symbol.name == last || symbol.qualified_name() == name);
                symbol.map_or_else(|| code(name), |symbol| book.symbol(SymbolAt { file: at, symbol }))
            });
            let path = if route.path.is_empty() { "/" } else { &route.path };
            rows.push(vec![escape(&route.method), code(path), handler, book.line(at, route.line)]);
        }
    }
    if rows.is_empty() {
        return;
    }
    let all = rows.len();
    rows.truncate(MOST_ROUTES);
    if all > MOST_ROUTES {
        rows.push(vec![book.say(Key::More, &[&(all - MOST_ROUTES).to_string()])]);
    }
    writer.heading(2, &book.word(Key::HeadRoutes));
    // Frameworks look alike; only those that the repository imports are named.
    let imported = |name: &String| {
        survey.outside.iter().any(|outside| {
            // Packages hold the name: `symfony/routing`, `@nestjs/common`, `github.com/gin-gonic/gin`.
            let package = outside.package.trim_start_matches('@');
            package.eq_ignore_ascii_case(name)
                || package.split('/').any(|part| part.eq_ignore_ascii_case(name))
        })
    };
    let names: Vec<String> = frameworks.into_keys().filter(imported).map(|name| code(&name)).collect();
    let count = book.count(all, Key::NounRoute);
    let intro = match names.as_slice() {
        [] => book.say(Key::RoutesOnly, &[&count]),
        names => book.say(Key::RoutesIntro, &[&count, &book.and(names)]),
    };
    writer.paragraph(&format!("{intro} {}", book.word(Key::TestsLeftOut)));
    writer.table(
        &[
            &book.word(Key::ColMethod),
            &book.word(Key::ColPath),
            &book.word(Key::ColHandler),
            &book.word(Key::ColWhere),
        ],
        &rows,
    );
}

/// Whether a line stands in tests within the source.
pub(super) fn in_tests(survey: &Survey<'_>, at: usize, line: u32) -> bool {
    survey.files.get(at).is_some_and(|facts| {
        facts.symbols.iter().any(|symbol| {
            Survey::is_test_symbol(symbol) && symbol.lines.start_line <= line && line <= symbol.lines.end_line
        })
    })
}

#[cfg(test)]
mod tests {
    use super::answering;

    #[test]
    fn what_is_wrapped_answers() {
        for (handler, name) in [
            ("users.list", Some("users.list")),
            ("users#index, #create", Some("users#index, #create")),
            ("wrap(api.query)", Some("api.query")),
            ("wrapAgent(http.HandlerFunc(api.targets))", Some("api.targets")),
            ("self.admin_view(self.index, cacheable=True)", Some("self.index")),
            ("views.View.as_view(template_name='x')", Some("views.View")),
            ("include(router.urls)", Some("router.urls")),
            ("|| async { 1 }", None),
        ] {
            assert_eq!(answering(handler), name, "{handler}");
        }
    }
}
