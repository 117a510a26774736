//! Routes where their routers are mounted: names of routers are resolved as all names are, then prefixes are joined.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    closure::Closure,
    folders::{child, folder_of},
    lookup::{Lookup, Meaning, Place},
    modules::Target,
    style::{Style, is_type},
};
use crate::{
    domain::SymbolKind,
    facts::{Mount, MountKind, Mounted, Route, Router, UNNAMED, path_below},
    index::tree::{FileId, Routing},
};

/// Routers are mounted in each other so deep.
const MAX_DEPTH: usize = 12;
/// Most places in which one router answers.
const MAX_PREFIXES: usize = 16;
/// What gives a router in the form in which it is mounted: `users.routes()`, `include(router.urls)`.
const GIVES_ITSELF: [&str; 5] = ["callback", "handler", "middleware", "routes", "urls"];
/// So many mounts are followed for one router: files that all mount each other have more ways than time.
const MAX_FOLLOWED: usize = 4_000;

/// What answers requests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Node {
    /// A variable, with the function that it is local to.
    Variable(FileId, String, Option<String>),
    /// What a function makes or fills.
    Function(FileId, String),
    /// What a file stands for.
    File(FileId),
}

impl Node {
    fn file(&self) -> FileId {
        match self {
            Node::Variable(file, ..) | Node::Function(file, _) | Node::File(file) => *file,
        }
    }
}

/// Where a router is mounted.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    on: Node,
    prefix: String,
    is_instead: bool,
}

/// The routes of files in which some answer elsewhere than they say.
pub(super) fn resolve(lookup: &Lookup<'_>) -> Vec<(FileId, Vec<Route>)> {
    let routing = &lookup.tree.routing;
    if routing.iter().all(|routing| routing.mounts.is_empty()) {
        return Vec::new();
    }
    let mounts = Mounts::of(lookup);
    let mut all = Vec::new();
    let mut known = HashMap::new();
    for Routing { file, routes, .. } in routing {
        let mut placed: Vec<Route> = Vec::with_capacity(routes.len());
        for route in routes {
            if mounts.resolved.contains(&(*file, route.line)) && is_include(route) {
                continue;
            }
            let prefixes = mounts.prefixes_of(*file, route, &mut known);
            placed.extend(prefixes.iter().map(|prefix| route.below(prefix)));
        }
        placed.sort_by(|a, b| (a.line, &a.path, &a.method).cmp(&(b.line, &b.path, &b.method)));
        placed.dedup();
        if placed != *routes {
            all.push((*file, placed));
        }
    }
    all
}

/// A route that stands for all that it includes.
fn is_include(route: &Route) -> bool {
    route.handler.as_deref().is_some_and(|handler| handler.starts_with("include("))
}

/// The prefixes of routers that were asked for, by the framework of their routes.
type Known<'t> = HashMap<(Node, &'t str), Vec<String>>;

/// The way from a router to what it is mounted in.
struct Way {
    within: Vec<Node>,
    /// How many more mounts may be followed.
    left: usize,
}

struct Mounts<'l, 't> {
    lookup: &'l Lookup<'t>,
    edges: BTreeMap<Node, BTreeSet<Edge>>,
    own: BTreeMap<Node, String>,
    /// File and line of those whose target is known.
    resolved: BTreeSet<(FileId, u32)>,
}

impl<'l, 't> Mounts<'l, 't> {
    fn of(lookup: &'l Lookup<'t>) -> Self {
        let (edges, own, resolved) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        let mut mounts = Self { lookup, edges, own, resolved };
        for Routing { file, mounts: found, .. } in &lookup.tree.routing {
            found.iter().filter(|mount| !is_in_tests(&mount.on)).for_each(|mount| mounts.take(*file, mount));
        }
        mounts
    }

    fn take(&mut self, file: FileId, mount: &'t Mount) {
        if mount.kind == MountKind::Own {
            if let Mounted::Name(name) = &mount.what {
                let node = self.router(file, Some(name), mount.on.scope.as_deref(), mount.line);
                self.own.entry(node).or_insert_with(|| mount.prefix.clone());
            }
            return;
        }
        let Some(what) = self.mounted(file, mount) else { return };
        // Where tests mount a router says nothing of where it answers.
        if !self.lookup.modules.may_use(what.file(), file) {
            return;
        }
        self.resolved.insert((file, mount.line));
        let on = match mount.kind {
            MountKind::Whole => Node::File(file),
            _ => self.router(file, mount.on.name.as_deref(), mount.on.scope.as_deref(), mount.line),
        };
        let is_instead = mount.kind == MountKind::Instead;
        if on != what {
            let edges = self.edges.entry(what).or_default();
            edges.insert(Edge { on, prefix: mount.prefix.clone(), is_instead });
        }
    }

    /// The router that a route is declared on or another one is mounted in.
    fn router(&self, file: FileId, name: Option<&'t str>, scope: Option<&'t str>, line: u32) -> Node {
        let Some(name) = name else {
            return match scope {
                Some(scope) => Node::Function(file, scope.to_owned()),
                None => Node::File(file),
            };
        };
        let is_router = |node: &Node| !matches!(node, Node::Function(..));
        let known = self.named(file, name, scope, line).filter(is_router);
        known.unwrap_or_else(|| local(file, name, scope))
    }

    /// What a mount mounts, where the rules of the language tell.
    fn mounted(&self, file: FileId, mount: &'t Mount) -> Option<Node> {
        let scope = mount.on.scope.as_deref();
        match &mount.what {
            Mounted::Module(module, name) => {
                let target = self.module(file, module)?;
                let meaning = Meaning::Module(target);
                match name {
                    Some(name) => self.node(file, &self.lookup.step(file, &meaning, name, 0)?),
                    None => self.node(file, &meaning),
                }
            }
            Mounted::Name(name) if name == UNNAMED => Some(Node::Function(file, name.clone())),
            Mounted::Name(name) => self.router_named(file, name, scope, mount.line),
            Mounted::Call(name) => self.named(file, name, scope, mount.line).or_else(|| {
                let (router, _) =
                    name.rsplit_once('.').filter(|(_, method)| GIVES_ITSELF.contains(method))?;
                self.router_named(file, router, scope, mount.line)
            }),
        }
    }

    fn router_named(&self, file: FileId, name: &'t str, scope: Option<&'t str>, line: u32) -> Option<Node> {
        let first = name.split(['.', ':']).next().unwrap_or(name);
        let first = self.lookup.tree.names.get(first);
        let is_bound =
            first.is_some_and(|first| self.lookup.bindings[file.0 as usize].names.contains_key(&first));
        let known = self.named(file, name, scope, line);
        known.or_else(|| (!is_bound).then(|| local(file, name, scope)))
    }

    /// What a name with its qualifier means by scopes and imports.
    fn named(&self, file: FileId, name: &'t str, scope: Option<&'t str>, line: u32) -> Option<Node> {
        let tree = self.lookup.tree;
        let style = Style::of(tree.file(file).language)?;
        let (qualifier, last) = match name.rsplit_once("::").or_else(|| name.rsplit_once('.')) {
            Some((qualifier, last)) => (Some(qualifier), last),
            None => (None, name),
        };
        let around = std::iter::successors(scope, |scope| Some(scope.rsplit_once('.')?.0));
        let scopes: Vec<_> = around.filter_map(|scope| tree.names.get(scope)).collect();
        let closure = Closure::default();
        let place = Place { file, style, scopes: &scopes, line, closure: &closure };
        let found = self.lookup.of(&place, qualifier, tree.names.get(last)?)?;
        self.node(file, &found.meaning)
    }

    fn node(&self, from: FileId, meaning: &Meaning) -> Option<Node> {
        let tree = self.lookup.tree;
        match meaning {
            Meaning::Module(Target::File(file)) => Some(Node::File(*file)),
            Meaning::Module(_) => None,
            Meaning::Symbols(symbols) => {
                let symbol = tree.symbol(*self.lookup.usable(from, symbols).first()?);
                let name = tree.names.text(symbol.qualified).to_owned();
                match symbol.kind {
                    SymbolKind::Function | SymbolKind::Method => Some(Node::Function(symbol.file, name)),
                    kind if is_type(kind) || kind == SymbolKind::Module => None,
                    _ => Some(Node::Variable(symbol.file, name, None)),
                }
            }
        }
    }

    /// A module that is named in place.
    fn module(&self, file: FileId, module: &'t str) -> Option<Target> {
        let tree = self.lookup.tree;
        let here = tree.file(file);
        match Style::of(here.language)? {
            Style::Python => Some(self.lookup.modules.python_module(file, module)),
            Style::Php => {
                let folder = folder_of(&here.path);
                if let Some(path) = module.strip_prefix("./") {
                    return tree.at(&child(folder, path)).map(Target::File);
                }
                let above = std::iter::successors(Some(folder), |folder| {
                    (!folder.is_empty()).then(|| folder_of(folder))
                });
                above.into_iter().find_map(|folder| tree.at(&child(folder, module))).map(Target::File)
            }
            _ => {
                let at = here.imports.iter().position(|import| import.module == module)?;
                Some(self.lookup.bindings[file.0 as usize].located.get(at)?.base.clone())
            }
        }
    }

    /// What the path of a route starts with, once for each place in which it answers.
    fn prefixes_of<'k>(&self, file: FileId, route: &'t Route, known: &'k mut Known<'t>) -> &'k [String] {
        let node = self.router(file, route.on.name.as_deref(), route.on.scope.as_deref(), route.line);
        let framework = route.framework.as_str();
        known.entry((node, framework)).or_insert_with_key(|(node, framework)| {
            self.prefixes(node, framework, &mut Way { within: Vec::new(), left: MAX_FOLLOWED })
        })
    }

    fn prefixes(&self, node: &Node, framework: &str, way: &mut Way) -> Vec<String> {
        let below = |outer: &str, prefix: &str| match prefix {
            "" => outer.to_owned(),
            prefix => path_below(framework, outer, prefix),
        };
        let own = self.own.get(node).map_or("", String::as_str);
        let mut found = BTreeSet::new();
        if way.within.len() < MAX_DEPTH {
            way.within.push(node.clone());
            let edges = self.edges.get(node);
            for edge in edges.into_iter().flatten() {
                if way.left == 0 || found.len() >= MAX_PREFIXES || way.within.contains(&edge.on) {
                    continue;
                }
                way.left -= 1;
                for outer in self.prefixes(&edge.on, framework, way) {
                    let here = below(&outer, &edge.prefix);
                    found.insert(if edge.is_instead { here } else { below(&here, own) });
                }
            }
            if let (true, Some(around)) = (edges.is_none(), around(node, framework)) {
                let outer = self.prefixes(&around, framework, way);
                found.extend(outer.iter().map(|outer| below(outer, own)));
            }
            way.within.pop();
        }
        if found.is_empty() {
            found.insert(own.to_owned());
        }
        found.into_iter().take(MAX_PREFIXES).collect()
    }
}

/// What a router that nothing mounts is a part of: the function that made or got it.
fn around(node: &Node, framework: &str) -> Option<Node> {
    match node {
        Node::Variable(file, _, Some(function)) => Some(Node::Function(*file, function.clone())),
        // A router of Django's REST framework is among the patterns of its file.
        Node::Variable(file, _, None) if framework == "django" => Some(Node::File(*file)),
        _ => None,
    }
}

/// A variable of a function, or of the object whose method it is.
fn local(file: FileId, name: &str, scope: Option<&str>) -> Node {
    let is_field = ["this.", "self.", "$this->"].iter().any(|own| name.starts_with(own));
    let scope = match scope {
        Some(scope) if is_field => scope.rsplit_once('.').map(|(class, _)| class),
        scope => scope,
    };
    Node::Variable(file, name.to_owned(), scope.map(str::to_owned))
}

fn is_in_tests(router: &Router) -> bool {
    let scope = router.scope.as_deref().unwrap_or_default();
    matches!(scope.split('.').next(), Some("tests" | "test"))
}
