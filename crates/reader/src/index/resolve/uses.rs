//! Links from uses to what they mean: bases first, then calls and references.

use std::{
    panic::resume_unwind,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use super::{
    Link, Resolved,
    closure::Closure,
    lookup::{Found, Lookup, Meaning, Place},
    modules::Target,
    style::{Style, is_type},
};
use crate::{
    domain::{EdgeKind, SymbolKind},
    index::{
        names::Name,
        tree::{FileId, SymbolId, TreeUse},
    },
};

/// Files that a thread takes at once.
const FILES_AT_ONCE: usize = 32;

/// Resolves the bases of all classes, so that inherited members are found afterwards.
pub(super) fn resolve_bases(lookup: &mut Lookup<'_>) {
    // Twice: a base may be found only through what its own class inherits.
    for _ in 0..2 {
        let mut found: Vec<(SymbolId, SymbolId)> = each_use(
            lookup,
            |used| used.kind == EdgeKind::Inherit,
            |_, use_, found| {
                if let (Some(class), Some(base)) = (use_.from_symbol, use_.to_symbol)
                    && class != base
                    && is_holder(use_.lookup.tree.symbol(class).kind)
                {
                    found.push((class, base));
                }
            },
        );
        lookup.bases.clear();
        found.sort_unstable();
        found.dedup();
        for (class, base) in found {
            lookup.bases.entry(class).or_default().push(base);
        }
    }
}

/// Resolves all uses.
pub(super) fn resolve(lookup: &Lookup<'_>, resolved: &mut Resolved) {
    let links = each_use(
        lookup,
        |_| true,
        |used, use_, links| {
            let link = Link {
                from_file: use_.file,
                from_symbol: use_.from_symbol,
                to_file: use_.to_file,
                to_symbol: use_.to_symbol,
                kind: used.kind,
                time: None,
                line: used.line,
            };
            let is_itself = link.from_file == link.to_file && link.from_symbol == link.to_symbol;
            if !is_itself {
                links.push(link);
            }
            // Where an import names a package, its uses tell which files are meant.
            let import = use_.import.and_then(|at| use_.lookup.tree.file(use_.file).imports.get(at));
            if let (Some(import), true) = (import, use_.file != use_.to_file && use_.names_package) {
                links.push(Link {
                    from_symbol: None,
                    to_symbol: None,
                    kind: EdgeKind::Import,
                    time: Some(import.when),
                    line: import.line,
                    ..link
                });
            }
        },
    );
    resolved.links.extend(links);
}

/// A use that was resolved.
struct ResolvedUse<'l, 't> {
    lookup: &'l Lookup<'t>,
    file: FileId,
    from_symbol: Option<SymbolId>,
    to_file: FileId,
    to_symbol: Option<SymbolId>,
    import: Option<usize>,
    /// The import names no file.
    names_package: bool,
}

/// What `take` makes of the wanted uses, on the lookup's threads, in no order.
fn each_use<'t, T: Send>(
    lookup: &Lookup<'t>,
    wanted: impl Fn(&TreeUse) -> bool + Sync,
    take: impl Fn(&TreeUse, &ResolvedUse<'_, 't>, &mut Vec<T>) + Sync,
) -> Vec<T> {
    let files: Vec<FileId> = lookup.tree.ids().collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut taken = Vec::new();
        let mut closure = Closure::default();
        loop {
            let from = next.fetch_add(FILES_AT_ONCE, Ordering::Relaxed);
            let Some(rest) = files.get(from..).filter(|rest| !rest.is_empty()) else { return taken };
            let files = &rest[..rest.len().min(FILES_AT_ONCE)];
            uses_of(lookup, files, &mut closure, &wanted, &mut |used, use_| take(used, use_, &mut taken));
        }
    };
    let useful = lookup.threads.min(files.len().div_ceil(FILES_AT_ONCE));
    thread::scope(|scope| {
        // This thread works, too, and does everything when no other can be had.
        let start = |_| thread::Builder::new().name("resolve".into()).spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..useful).filter_map(start).collect();
        let mut taken = work();
        for other in others {
            taken.append(&mut other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        taken
    })
}

fn uses_of<'t>(
    lookup: &Lookup<'t>,
    files: &[FileId],
    closure: &mut Closure,
    wanted: &impl Fn(&TreeUse) -> bool,
    take: &mut impl FnMut(&TreeUse, &ResolvedUse<'_, 't>),
) {
    let tree = lookup.tree;
    for &file in files {
        let range = tree.file(file).uses.clone();
        let uses = &tree.uses[range.start as usize..range.end as usize];
        let Some(style) = Style::of(tree.file(file).language) else { continue };
        if !uses.iter().any(wanted) {
            continue;
        }
        if style == Style::C {
            closure.fill(lookup, file);
        }
        let mut scopes = Scopes::default();
        for used in uses.iter().filter(|used| wanted(used)) {
            scopes.enter(lookup, used.scope);
            let from_symbol = scopes.symbol(lookup, file, used.line);
            let place = Place { file, style, scopes: &scopes.names, line: used.line, closure };
            let qualifier = used.qualifier.map(|qualifier| tree.names.text(qualifier));
            // A class is no base of itself: its own name in its head means another one.
            let Some(found) = lookup.of(&place, qualifier, used.name) else { continue };
            let Found { meaning, import } = found;
            let (to_file, to_symbol) = match &meaning {
                Meaning::Symbols(symbols) => match choose(lookup, file, used.kind, symbols) {
                    Some(symbol) => (tree.symbol(symbol).file, Some(symbol)),
                    None => continue,
                },
                // `const app = require("./app"); app()` calls what the file is.
                Meaning::Module(Target::File(to)) if style == Style::Ecma && *to != file => (*to, None),
                Meaning::Module(_) => continue,
            };
            let located = import.and_then(|at| lookup.bindings[file.0 as usize].located.get(at));
            let names_package = located.is_some_and(|located| !matches!(located.base, Target::File(_)));
            take(used, &ResolvedUse { lookup, file, from_symbol, to_file, to_symbol, import, names_package });
        }
    }
}

/// Of symbols with one name the one that is meant by such a use.
fn choose(lookup: &Lookup<'_>, from: FileId, kind: EdgeKind, symbols: &[SymbolId]) -> Option<SymbolId> {
    let usable =
        || symbols.iter().copied().filter(|id| lookup.modules.may_use(from, lookup.tree.symbol(*id).file));
    let kind_of = |id: &SymbolId| lookup.tree.symbol(*id).kind;
    match kind {
        EdgeKind::Inherit => usable().find(|id| is_holder(kind_of(id))),
        EdgeKind::Call => usable()
            .find(|id| {
                is_type(kind_of(id)) || matches!(kind_of(id), SymbolKind::Function | SymbolKind::Method)
            })
            .or_else(|| usable().find(|id| !matches!(kind_of(id), SymbolKind::Module | SymbolKind::Field))),
        _ => usable().find(|id| is_type(kind_of(id))).or_else(|| {
            usable().find(|id| {
                !matches!(kind_of(id), SymbolKind::Module | SymbolKind::Field | SymbolKind::Variable)
            })
        }),
    }
}

/// What may have bases, or be one: modules of Ruby are mixed in.
fn is_holder(kind: SymbolKind) -> bool {
    is_type(kind) || kind == SymbolKind::Module
}

/// The scopes around a use, kept while the next use has the same.
#[derive(Default)]
struct Scopes {
    scope: Option<Name>,
    /// Innermost first.
    names: Vec<Name>,
}

impl Scopes {
    fn enter(&mut self, lookup: &Lookup<'_>, scope: Option<Name>) {
        if self.scope == scope {
            return;
        }
        self.scope = scope;
        self.names.clear();
        let Some(scope) = scope else { return };
        let mut text = lookup.tree.names.text(scope);
        loop {
            self.names.extend(lookup.tree.names.get(text));
            match text.rsplit_once('.') {
                Some((outer, _)) => text = outer,
                None => break,
            }
        }
    }

    /// The symbol in which the use is written: of several with one name the last that starts before it.
    fn symbol(&self, lookup: &Lookup<'_>, file: FileId, line: u32) -> Option<SymbolId> {
        let symbols = lookup.table.in_file(file, self.scope?);
        let before = symbols.iter().rev().find(|id| lookup.tree.symbol(**id).line <= line);
        before.or_else(|| symbols.first()).copied()
    }
}
