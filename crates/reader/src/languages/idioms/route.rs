//! Calls and annotations that declare an HTTP route.

use std::collections::{HashMap, HashSet};

use super::{
    Arguments, Call, Facts, Node, Outline, arguments,
    group::{Groups, earlier_in_chain},
    line_of,
    receiver::receiver,
    scope::Scopes,
    text_of,
};
use crate::{
    domain::Language,
    facts::{Route, Router, path_below},
};

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

/// How a call tells a route.
pub(super) struct Shape {
    pub(super) framework: &'static str,
    pub(super) method: Method,
    pub(super) handler: Handler,
    /// The path need not start with `/`.
    pub(super) is_bare: bool,
}

/// Where a route's method stands.
pub(super) enum Method {
    /// In the called name: `get`, `GetMapping`; otherwise any.
    Name,
    /// The called name, which takes no arguments: `@GET`.
    Verb,
    /// In the argument of this name; otherwise this.
    Named(&'static str, &'static str),
    /// In the handler: `get(list).post(create)`.
    Handler,
    /// Among the words of the attribute, as the path is: `path(get, path = "/users")`.
    Words,
}

/// Where a route's handler stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Handler {
    /// The definition that the call decorates.
    Decorated,
    /// The last argument.
    Last,
    /// The argument at this place.
    At(usize),
    /// A block after the call.
    Inline,
}

/// A route before its definition is known.
pub(super) struct Pending {
    pub(super) route: Route,
    /// The handler is the definition that the call at this place decorates.
    pub(super) decorates: Option<usize>,
    pub(super) at: usize,
    /// What the type around is derived from, where that tells a path.
    pub(super) bases: Vec<String>,
}

pub(super) fn read(
    shape: &Shape,
    arguments: &Arguments<'_, '_>,
    call: &Call<'_, '_>,
    facts: &mut Facts,
) -> bool {
    if matches!(shape.method, Method::Words) {
        return read_words(shape, call, facts);
    }
    if matches!(shape.method, Method::Verb) && arguments.len() > 0 {
        return false;
    }
    // `get :show` is a request of a test, `head :ok` an answer.
    if shape.framework == "sinatra" && !has_block(call) {
        return false;
    }
    let chained = chained_path(shape, arguments, call);
    let path = arguments.at(0).or_else(|| arguments.any_named(&["path", "value", "rule"]));
    let path = match chained.or(path) {
        Some(node) => match arguments::strings(node, call.text).into_iter().next() {
            Some(path) => path,
            None if shape.handler != Handler::Inline && is_constant(call, node) => {
                format!("<{}>", text_of(node, call.text))
            }
            None => return false,
        },
        None if shape.handler == Handler::Decorated => String::new(),
        None => return false,
    };
    // Go writes `GET /path` as one pattern.
    let (written_method, path) = match path.split_once(' ') {
        Some((method, rest)) if METHODS.contains(&method) => (Some(method.to_owned()), rest.to_owned()),
        _ => (None, path),
    };
    if !shape.is_bare && !path.starts_with(['/', '*', '<']) && shape.handler != Handler::Decorated {
        return false;
    }
    let place = match (chained, arguments.len()) {
        (Some(_), 1) => Handler::At(0),
        _ => shape.handler,
    };
    let Some((handler, decorates)) = handler(place, arguments, call) else { return false };
    let method = written_method.unwrap_or_else(|| method(&shape.method, arguments, call));
    let handler = match shape.method {
        Method::Handler => handler.map(|handler| inner_handler(&handler)),
        _ => handler,
    };
    let (line, framework) = (line_of(call.arguments), shape.framework.to_owned());
    let name = match shape.framework {
        "django" if call.qualifier.is_none() => list_around(call.arguments, call.text),
        "aiohttp" | "starlette" => None,
        _ => receiver(call),
    };
    let on = Router { name, scope: None };
    let route = Route { method, path, handler, line, framework, on };
    let bases = if framework_has_conventions(shape.framework) { bases(call) } else { Vec::new() };
    facts.pending_route(Pending { route, decorates, at: call.at, bases });
    true
}

/// Whether a call of Ruby has a block behind it.
pub(super) fn has_block(call: &Call<'_, '_>) -> bool {
    call.arguments.parent().is_some_and(|whole| whole.child_by_field_name("block").is_some())
}

/// The path of Express's `router.route("/x").get(list).post(create)`.
fn chained_path<'t>(shape: &Shape, arguments: &Arguments<'t, '_>, call: &Call<'t, '_>) -> Option<Node<'t>> {
    let is_handler = |node: Node<'_>| arguments::string(node, call.text).is_none();
    if shape.framework != "express" || !arguments.at(0).is_some_and(is_handler) {
        return None;
    }
    let earlier = Arguments::of(earlier_in_chain(call.arguments, "route", call.text)?, call.text);
    earlier.at(0).filter(|_| earlier.len() == 1)
}

/// The variable whose list holds a call of Django's `path`, unless that is the list that stands for the file.
pub(super) fn list_around(arguments: Node<'_>, text: &str) -> Option<String> {
    let around = std::iter::successors(arguments.parent(), |node| node.parent()).skip(1);
    let mut around = around.skip_while(|node| {
        let kind = node.kind();
        matches!(kind, "list" | "binary_operator" | "parenthesized_expression" | "tuple" | "argument_list")
    });
    let holder = around.next()?;
    let list = match holder.kind() {
        "assignment" | "augmented_assignment" => holder.child_by_field_name("left")?,
        // `patterns.append(path(…))`
        "call" => {
            let function = holder.child_by_field_name("function")?;
            let name = text_of(function.child_by_field_name("attribute")?, text);
            let adds = matches!(name, "append" | "extend" | "insert");
            function.child_by_field_name("object").filter(|_| adds)?
        }
        _ => return None,
    };
    let name = text_of(list, text);
    let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_name && name != "urlpatterns").then(|| name.to_owned())
}

/// A name that a constant may have, whose text is found when all files are known.
pub(super) fn is_constant(call: &Call<'_, '_>, node: Node<'_>) -> bool {
    let written = text_of(node, call.text);
    let is_name = written.len() <= 80 && written.chars().all(|c| c.is_alphanumeric() || "_.:$".contains(c));
    let is_loud = |part: &str| {
        part.len() > 1 && part.starts_with(char::is_uppercase) && !part.contains(char::is_lowercase)
    };
    is_name && (call.language == Language::Go || written.split(['.', ':']).any(is_loud))
}

/// `(get, path = "/users", responses(…))`: only the words before the first bracket within are its own.
fn read_words(shape: &Shape, call: &Call<'_, '_>, facts: &mut Facts) -> bool {
    let whole = text_of(call.arguments, call.text);
    let Some(path) = super::command::assigned(whole, "path").filter(|path| path.starts_with('/')) else {
        return false;
    };
    let own = whole.trim_start_matches('(').split('(').next().unwrap_or_default();
    let written = own.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    let (method, line) = (methods_in(&written), line_of(call.arguments));
    let (framework, on) = (shape.framework.to_owned(), Router::default());
    let route = Route { method, path, handler: None, line, framework, on };
    facts.pending_route(Pending { route, decorates: Some(call.at), at: call.at, bases: Vec::new() });
    true
}

/// The routes with their handlers. A path on a type is where those of its methods start, and no route of its own when
/// there are such.
pub(super) fn finished(
    found: Vec<Pending>,
    groups: &Groups,
    scopes: &Scopes,
    outline: &Outline,
) -> Vec<Route> {
    let mut prefixes: HashMap<(String, String), Prefix> = HashMap::new();
    let mut routes: Vec<Placed> = Vec::new();
    for Pending { mut route, decorates, at, bases } in found {
        let (mut owner, mut of) = (None, None);
        if let Some(at) = decorates {
            let Some(decorated) = outline.decorated(at) else { continue };
            route.handler = Some(decorated.qualified.to_owned());
            if decorated.is_type {
                let key = (route.framework.clone(), decorated.qualified.to_owned());
                prefixes.insert(key, Prefix { own: route, is_used: false });
                continue;
            }
            owner = decorated.parent.map(str::to_owned);
            of = Some(decorated.at);
        }
        let scope = match (&route.handler, is_handler_mounted(&route.framework)) {
            (Some(handler), true) => Some(handler.clone()),
            _ => scopes.at(at),
        };
        for around in groups.around(&route.framework, at) {
            let mut route = route.below(&around.prefix);
            route.on = match is_mounted(&route.framework) {
                true => Router { name: around.on.unwrap_or(route.on.name), scope: scope.clone() },
                false => Router::default(),
            };
            routes.push(Placed { route, owner: owner.clone(), of, bases: bases.clone() });
        }
    }
    join_halves(&mut routes);
    let mut finished: Vec<Route> =
        routes.into_iter().filter_map(|placed| placed.told(&mut prefixes)).collect();
    let alone = prefixes.into_values().filter(|prefix| !prefix.is_used && !prefix.own.path.is_empty());
    finished.extend(alone.map(|prefix| prefix.own));
    finished
}

/// Frameworks of which one file mounts what another one declares.
fn is_mounted(framework: &str) -> bool {
    !matches!(
        framework,
        "asp.net" | "jax-rs" | "javalin" | "ktor" | "nestjs" | "rails" | "spring" | "symfony" | "utoipa"
    )
}

/// Frameworks that mount the handler itself.
fn is_handler_mounted(framework: &str) -> bool {
    framework == "actix"
}

/// A route with the type that holds its handler, and the place of the handler.
struct Placed {
    route: Route,
    owner: Option<String>,
    of: Option<usize>,
    bases: Vec<String>,
}

impl Placed {
    /// The route with all of its path; `None` when where it answers is told elsewhere, or nowhere.
    fn told(self, prefixes: &mut HashMap<(String, String), Prefix>) -> Option<Route> {
        let Self { mut route, owner, bases, .. } = self;
        let owner = owner.unwrap_or_default();
        let holder = std::iter::once(&owner)
            .chain(&bases)
            .map(|of| (route.framework.clone(), of.clone()))
            .find(|key| prefixes.contains_key(key));
        match holder.and_then(|key| prefixes.get_mut(&key)) {
            Some(prefix) => {
                prefix.is_used = true;
                route.path = below_type(&prefix.own.path, &route.path);
            }
            None if !route.path.is_empty() || !is_in_halves(&route) => {}
            // Without a path of its own, an action of MVC answers by the convention.
            None if bases.iter().any(|base| base == "Controller") => {
                "/[controller]/[action]".clone_into(&mut route.path);
            }
            None => return None,
        }
        if framework_has_conventions(&route.framework) {
            let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
            let action = last(route.handler.as_deref().unwrap_or_default());
            let controller = last(&owner);
            let controller = controller.strip_suffix("Controller").unwrap_or(&controller);
            route.path = route.path.replace("[controller]", controller).replace("[action]", &action);
        }
        Some(route)
    }
}

/// Frameworks that name paths after controllers and their actions.
fn framework_has_conventions(framework: &str) -> bool {
    framework == "asp.net"
}

/// What the type around a call is derived from.
fn bases(call: &Call<'_, '_>) -> Vec<String> {
    let mut around = std::iter::successors(Some(call.arguments), |node| node.parent());
    let Some(class) = around.find(|node| node.kind() == "class_declaration") else { return Vec::new() };
    let list = class.named_children().find(|child| child.kind() == "base_list");
    let bases = list.into_iter().flat_map(Node::named_children);
    bases.map(|base| text_of(base, call.text).to_owned()).collect()
}

/// Frameworks whose method and path stand in two annotations.
fn is_in_halves(route: &Route) -> bool {
    matches!(route.framework.as_str(), "asp.net" | "jax-rs")
}

/// `@GET @Path("/x")` and `[HttpGet, Route("x")]` are one route.
fn join_halves(routes: &mut Vec<Placed>) {
    let is_path = |placed: &Placed| is_in_halves(&placed.route) && placed.route.method == "ANY";
    let paths: HashMap<usize, String> = routes
        .iter()
        .filter(|placed| is_path(placed))
        .filter_map(|placed| Some((placed.of?, placed.route.path.clone())))
        .collect();
    let mut taken: HashSet<usize> = HashSet::new();
    for placed in routes.iter_mut().filter(|placed| is_in_halves(&placed.route) && !is_path(placed)) {
        if let Some(of) = placed.of
            && placed.route.path.is_empty()
            && let Some(path) = paths.get(&of)
        {
            placed.route.path.clone_from(path);
            taken.insert(of);
        }
    }
    routes.retain(|placed| !is_path(placed) || placed.of.is_none_or(|of| !taken.contains(&of)));
}

/// The path on a type.
struct Prefix {
    own: Route,
    is_used: bool,
}

/// A path below that of its type, which is a path even where both are empty.
fn below_type(prefix: &str, path: &str) -> String {
    path_below("", if prefix.is_empty() { "/" } else { prefix }, path)
}

/// The handler as written, or the place that decorates it; `None` when the call is no route.
fn handler(
    place: Handler,
    arguments: &Arguments<'_, '_>,
    call: &Call<'_, '_>,
) -> Option<(Option<String>, Option<usize>)> {
    let written = |node: Node<'_>| (arguments::handler(node, call.text), None);
    match place {
        Handler::Decorated => Some((None, Some(call.at))),
        Handler::Inline => Some((None, None)),
        Handler::At(at) => arguments.at(at).map(written),
        Handler::Last if arguments.len() < 2 => None,
        // A client's call ends with its options.
        Handler::Last => arguments.last().filter(|node| node.kind() != "object").map(written),
    }
}

fn method(method: &Method, arguments: &Arguments<'_, '_>, call: &Call<'_, '_>) -> String {
    match method {
        Method::Name | Method::Verb => {
            let upper = call.name.to_ascii_uppercase();
            let known = METHODS.iter().find(|method| upper.contains(*method));
            known.map_or("ANY".to_owned(), |method| (*method).to_owned())
        }
        Method::Named(name, otherwise) => match arguments.named(name) {
            Some(node) => methods_in(text_of(node, call.text)),
            None => (*otherwise).to_owned(),
        },
        Method::Words => "ANY".to_owned(),
        Method::Handler => {
            arguments.at(1).map_or("ANY".to_owned(), |node| methods_in(text_of(node, call.text)))
        }
    }
}

/// `["GET", "POST"]` is `GET,POST`.
pub(super) fn methods_in(text: &str) -> String {
    let upper = text.to_ascii_uppercase();
    let words = upper.split(|c: char| !c.is_ascii_alphabetic());
    let mut methods: Vec<&str> = words.filter(|word| METHODS.contains(word)).collect();
    methods.dedup();
    if methods.is_empty() { "ANY".to_owned() } else { methods.join(",") }
}

/// `get(list).post(create)` is `list, create`; `web::get().to(index)` is `index`.
fn inner_handler(written: &str) -> String {
    let inner: Vec<&str> = written
        .split('(')
        .skip(1)
        .map(|part| part.split(')').next().unwrap_or(part).trim())
        .filter(|part| !part.is_empty())
        .collect();
    if inner.is_empty() { written.to_owned() } else { inner.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handlers_are_found_in_method_routers() {
        assert_eq!(inner_handler("get(list).post(create)"), "list, create");
        assert_eq!(inner_handler("web::get().to(index)"), "index");
        assert_eq!(inner_handler("router"), "router");
        assert_eq!(methods_in("get(list).post(create)"), "GET,POST");
    }

    #[test]
    fn a_path_starts_with_that_of_its_type() {
        assert_eq!(below_type("cats", ":id"), "/cats/:id");
        assert_eq!(below_type("/api/v1/", "/cats/"), "/api/v1/cats");
        assert_eq!(below_type("cats", ""), "/cats");
        assert_eq!(below_type("", ""), "/");
        assert_eq!(below_type("api/x", "~/y"), "/y");
    }
}
