//! The rows, by language and called name.

use std::{collections::HashMap, sync::OnceLock};

use super::{
    Idiom, Means, Qualifier, command,
    command::Name,
    group, mount, route,
    route::{Handler, Method},
    setting,
};
use crate::domain::Language::{
    self, C, CSharp, Cpp, Go, Java, JavaScript, Kotlin, Php, Python, Ruby, Rust, Scala, Swift, Tsx,
    TypeScript,
};

use Qualifier::{Any, Ends, Is, Not, Nothing, Something};

const ECMA: &[Language] = &[JavaScript, TypeScript, Tsx];
const JVM: &[Language] = &[Java, Kotlin, Scala];
const VERBS: &[&str] = &["get", "post", "put", "delete", "patch", "head", "options", "all"];
/// Things that call a route instead of declaring one.
const CLIENTS: &[&str] = &[
    "axios",
    "http",
    "https",
    "client",
    "request",
    "req",
    "res",
    "cy",
    "agent",
    "superagent",
    "fetcher",
    "session",
    "requests",
    "httpx",
    "localStorage",
    "params",
    "cache",
    "redis",
];

static ROWS: &[Idiom] = &[
    // Environment variables and settings
    setting(&[Python], &["getenv"], Any, Some(1)),
    setting(
        &[Python],
        &["get", "pop", "setdefault"],
        Is(&["os.environ", "_os.environ", setting::ENVIRON]),
        Some(1),
    ),
    constant(&[Python], &["config", "env"], Nothing, Some(1)),
    constant(&[Python], &["bool", "int", "str", "list", "db", "url"], Ends(&["env"]), Some(1)),
    setting(&[Rust], &["var", "var_os"], Ends(&["env"]), None),
    constant(&[Rust], &["env", "option_env"], Nothing, None),
    constant(&[Rust], &["setting", "env_or", "var_or"], Nothing, Some(1)),
    constant(&[Rust], &["secret"], Nothing, None),
    setting(ECMA, &["get"], Ends(&["env"]), None),
    setting(JVM, &["getenv", "getProperty"], Ends(&["System"]), Some(1)),
    setting(&[Java, Kotlin], &["Value"], Nothing, None),
    setting(&[Scala], &["env"], Ends(&["sys"]), None),
    setting(&[Scala], &["get", "getOrElse"], Ends(&["env"]), Some(1)),
    setting(&[Go], &["Getenv", "LookupEnv"], Ends(&["os"]), None),
    setting(
        &[Go],
        &["GetString", "GetInt", "GetBool", "GetDuration", "SetDefault", "BindEnv", "GetStringSlice"],
        Ends(&["viper"]),
        Some(1),
    ),
    setting(&[C, Cpp], &["getenv", "secure_getenv"], Any, None),
    setting(&[CSharp], &["GetEnvironmentVariable"], Ends(&["Environment"]), None),
    setting(&[Swift], &["environment"], Any, None),
    setting(&[Php], &["getenv"], Nothing, None),
    constant(&[Php], &["env"], Nothing, Some(1)),
    setting(&[Ruby], &["fetch"], Ends(&["ENV"]), Some(1)),
    // Routes
    route(&[Python], &["route"], Something, "flask", Method::Named("methods", "GET"), Handler::Decorated),
    route(&[Python], &["route"], Nothing, "bottle", Method::Named("method", "GET"), Handler::Decorated),
    // With a handler behind the path; as a decorator it is FastAPI's.
    route(
        &[Python],
        &["get", "post", "put", "delete", "patch", "head", "options", "view"],
        Ends(&["web"]),
        "aiohttp",
        Method::Name,
        Handler::At(1),
    ),
    route(
        &[Python],
        &["get", "post", "put", "delete", "patch", "head", "options", "websocket", "api_route"],
        Something,
        "fastapi",
        Method::Name,
        Handler::Decorated,
    ),
    route(&[Python], &["add_url_rule"], Something, "flask", Method::Named("methods", "GET"), Handler::Last),
    mount(&[Python], &["path", "re_path", "url"], Nothing, "django", mount::Shape::Included),
    bare(&[Python], &["path", "re_path", "url"], Nothing, "django", Method::Name, Handler::At(1)),
    bare(&[Python], &["register"], Ends(&["router"]), "django", Method::Name, Handler::At(1)),
    route(&[Python], &["Route"], Any, "starlette", Method::Named("methods", "GET"), Handler::At(1)),
    route(
        &[Python],
        &["add_get", "add_post", "add_put", "add_delete", "add_patch"],
        Something,
        "aiohttp",
        Method::Name,
        Handler::At(1),
    ),
    route(ECMA, VERBS, Not(CLIENTS), "express", Method::Name, Handler::Last),
    route(
        ECMA,
        &["Get", "Post", "Put", "Delete", "Patch", "Head", "Options", "All"],
        Nothing,
        "nestjs",
        Method::Name,
        Handler::Decorated,
    ),
    route(ECMA, &["Controller"], Nothing, "nestjs", Method::Name, Handler::Decorated),
    route(
        &[Java, Kotlin],
        &["GetMapping", "PostMapping", "PutMapping", "DeleteMapping", "PatchMapping"],
        Nothing,
        "spring",
        Method::Name,
        Handler::Decorated,
    ),
    route(
        &[Java, Kotlin],
        &["RequestMapping"],
        Nothing,
        "spring",
        Method::Named("method", "ANY"),
        Handler::Decorated,
    ),
    route(&[Java, Kotlin], &["Path"], Nothing, "jax-rs", Method::Name, Handler::Decorated),
    route(
        &[Java],
        &["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"],
        Nothing,
        "jax-rs",
        Method::Verb,
        Handler::Decorated,
    ),
    route(&[Java], VERBS, Not(CLIENTS), "javalin", Method::Name, Handler::Last),
    route(&[Kotlin], VERBS, Nothing, "ktor", Method::Name, Handler::Inline),
    group(&[Kotlin], &["route"], Nothing, "ktor", group::Shape::Block),
    route(
        &[Go],
        &["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "Any"],
        Something,
        "gin",
        Method::Name,
        Handler::Last,
    ),
    route(
        &[Go],
        &["Get", "Post", "Put", "Delete", "Patch", "Head", "Options"],
        Not(CLIENTS),
        "chi",
        Method::Name,
        Handler::Last,
    ),
    route(&[Go], &["HandleFunc", "Handle"], Something, "net/http", Method::Name, Handler::Last),
    route(&[Rust], &["route"], Something, "axum", Method::Handler, Handler::Last),
    group(&[Rust], &["nest", "merge"], Something, "axum", group::Shape::Nested),
    group(&[Rust], &["scope"], Any, "actix", group::Shape::Chain),
    mount(&[Rust], &["configure", "service"], Something, "actix", mount::Shape::Filled),
    group(&[Php], &["group"], Any, "laravel", group::Shape::Prefixed),
    group(&[Go], &["Route"], Something, "chi", group::Shape::Prefixed),
    mount(&[Go], &["Mount"], Something, "chi", mount::Shape::At),
    mount(&[Go], &["Group"], Something, "gin", mount::Shape::Derived),
    mount(&[Go], &["Subrouter"], Something, "net/http", mount::Shape::Chained("PathPrefix")),
    mount(ECMA, &["use"], Something, "express", mount::Shape::Use),
    mount(
        ECMA,
        &["register"],
        Something,
        "express",
        mount::Shape::Named { prefix: "prefix", is_instead: false },
    ),
    mount(ECMA, &["Router", "KoaRouter"], Any, "express", mount::Shape::Made("prefix")),
    mount(ECMA, &["prefix"], Something, "express", mount::Shape::Prefixed),
    mount(ECMA, &["route"], Something, "express", mount::Shape::At),
    mount(
        &[Python],
        &["register_blueprint"],
        Something,
        "flask",
        mount::Shape::Named { prefix: "url_prefix", is_instead: true },
    ),
    mount(&[Python], &["Blueprint"], Any, "flask", mount::Shape::Made("url_prefix")),
    mount(
        &[Python],
        &["include_router"],
        Something,
        "fastapi",
        mount::Shape::Named { prefix: "prefix", is_instead: false },
    ),
    mount(&[Python], &["APIRouter"], Any, "fastapi", mount::Shape::Made("prefix")),
    mount(&[Python], &["mount", "add_subapp"], Something, "fastapi", mount::Shape::At),
    route(
        &[Rust],
        &["get", "post", "put", "delete", "patch", "head"],
        Nothing,
        "actix",
        Method::Name,
        Handler::Decorated,
    ),
    route(
        &[Rust],
        &["get", "post", "put", "delete", "patch", "head"],
        Ends(&["actix_web", "rocket"]),
        "actix",
        Method::Name,
        Handler::Decorated,
    ),
    route(&[Rust], &["path"], Ends(&["utoipa"]), "utoipa", Method::Words, Handler::Decorated),
    bare(
        &[Php],
        &["get", "post", "put", "delete", "patch", "any", "match", "resource"],
        Ends(&["Route"]),
        "laravel",
        Method::Name,
        Handler::Last,
    ),
    route(&[Php], &["Route"], Nothing, "symfony", Method::Named("methods", "ANY"), Handler::Decorated),
    route(
        &[Php],
        &["get", "post", "put", "delete", "patch"],
        Not(CLIENTS),
        "slim",
        Method::Name,
        Handler::Last,
    ),
    Idiom {
        languages: &[Ruby],
        names: &["get", "post", "put", "delete", "patch", "match", "root", "mount", "resources", "resource"],
        qualifier: Nothing,
        means: Means::Rails,
    },
    route(&[Ruby], VERBS, Nothing, "sinatra", Method::Name, Handler::Inline),
    route(
        &[CSharp],
        &["HttpGet", "HttpPost", "HttpPut", "HttpDelete", "HttpPatch", "Route"],
        Nothing,
        "asp.net",
        Method::Name,
        Handler::Decorated,
    ),
    route(
        &[CSharp],
        &["MapGet", "MapPost", "MapPut", "MapDelete", "MapPatch"],
        Something,
        "asp.net",
        Method::Name,
        Handler::Last,
    ),
    // Commands
    command(&[Python], &["add_argument"], Something, "argparse", Name::Text(&["dest"]), &["help"]),
    command(
        &[Python],
        &["add_parser"],
        Something,
        "argparse",
        Name::Text(&["name"]),
        &["help", "description"],
    ),
    command(&[Python], &["command", "group"], Something, "click", Name::Decorated, &["help", "short_help"]),
    command(&[Python], &["option"], Any, "click", Name::Option(&[]), &["help"]),
    command(&[Python], &["Option"], Ends(&["typer"]), "typer", Name::Option(&[]), &["help"]),
    command(ECMA, &["command"], Something, "commander", Name::Text(&[]), &[""]),
    command(ECMA, &["option", "requiredOption"], Something, "commander", Name::Option(&[]), &[""]),
    command(ECMA, &["option"], Something, "yargs", Name::Flag, &[]),
    command(
        &[Go],
        &[
            "String",
            "Bool",
            "Int",
            "Duration",
            "StringP",
            "BoolP",
            "IntP",
            "DurationP",
            "StringSlice",
            "StringSliceP",
        ],
        Ends(FLAG_SETS),
        "flag",
        Name::Flag,
        &[""],
    ),
    command(
        &[Go],
        &[
            "StringVar",
            "BoolVar",
            "IntVar",
            "DurationVar",
            "StringVarP",
            "BoolVarP",
            "IntVarP",
            "DurationVarP",
            "StringSliceVar",
            "StringSliceVarP",
        ],
        Ends(FLAG_SETS),
        "flag",
        Name::Flag,
        &[""],
    ),
    command(&[Rust], &["arg"], Nothing, "clap", Name::ClapField, &[""]),
    command(&[Rust], &["derive"], Nothing, "clap", Name::ClapVariants, &[]),
    command(&[Rust], &["subcommand"], Something, "clap", Name::Nested, &[]),
    command(&[Rust], &["new"], Ends(&["Arg"]), "clap", Name::Flag, &[]),
    command(&[Ruby], &["desc"], Nothing, "thor", Name::Usage, &[""]),
    command(&[Ruby], &["on"], Something, "optparse", Name::Option(&[]), &[""]),
    command(&[Java, Kotlin], &["Command"], Nothing, "picocli", Name::Text(&["name"]), &["description"]),
    command(&[Java, Kotlin], &["Option"], Nothing, "picocli", Name::Option(&["names"]), &["description"]),
    command(&[Kotlin], &["option"], Nothing, "clikt", Name::Option(&[]), &["help"]),
    command(
        &[CSharp],
        &["Command"],
        Nothing,
        "System.CommandLine",
        Name::Text(&["name"]),
        &["", "description"],
    ),
    command(
        &[CSharp],
        &["Option"],
        Nothing,
        "System.CommandLine",
        Name::Option(&["name"]),
        &["", "description"],
    ),
    command(&[Php], &["AsCommand"], Nothing, "symfony", Name::Text(&["name"]), &["description"]),
    command(&[Php], &["setName"], Something, "symfony", Name::Text(&[]), &[]),
];

const FLAG_SETS: &[&str] = &["flag", "pflag", "flags", "fs", "flagSet", "Flags()", "PersistentFlags()"];

const fn setting(
    languages: &'static [Language],
    names: &'static [&'static str],
    qualifier: Qualifier,
    default: Option<usize>,
) -> Idiom {
    Idiom { languages, names, qualifier, means: Means::Setting { name: 0, default, constants: false } }
}

/// A setting only when its name is written in capitals.
const fn constant(
    languages: &'static [Language],
    names: &'static [&'static str],
    qualifier: Qualifier,
    default: Option<usize>,
) -> Idiom {
    Idiom { languages, names, qualifier, means: Means::Setting { name: 0, default, constants: true } }
}

const fn route(
    languages: &'static [Language],
    names: &'static [&'static str],
    qualifier: Qualifier,
    framework: &'static str,
    method: Method,
    handler: Handler,
) -> Idiom {
    let shape = route::Shape { framework, method, handler, is_bare: false };
    Idiom { languages, names, qualifier, means: Means::Route(shape) }
}

/// A route whose path is written without the first `/`.
const fn bare(
    languages: &'static [Language],
    names: &'static [&'static str],
    qualifier: Qualifier,
    framework: &'static str,
    method: Method,
    handler: Handler,
) -> Idiom {
    let shape = route::Shape { framework, method, handler, is_bare: true };
    Idiom { languages, names, qualifier, means: Means::Route(shape) }
}

/// A call that holds routes.
const fn group(
    languages: &'static [Language],
    names: &'static [&'static str],
    qualifier: Qualifier,
    framework: &'static str,
    shape: group::Shape,
) -> Idiom {
    Idiom { languages, names, qualifier, means: Means::Group(framework, shape) }
}

/// A call that mounts routers.
const fn mount(
    languages: &'static [Language],
    names: &'static [&'static str],
    qualifier: Qualifier,
    framework: &'static str,
    shape: mount::Shape,
) -> Idiom {
    Idiom { languages, names, qualifier, means: Means::Mount(framework, shape) }
}

const fn command(
    languages: &'static [Language],
    names: &'static [&'static str],
    qualifier: Qualifier,
    framework: &'static str,
    name: Name,
    help: &'static [&'static str],
) -> Idiom {
    let shape = command::Shape { framework, name, help };
    Idiom { languages, names, qualifier, means: Means::Command(shape) }
}

/// The rows of a language for a called name.
pub(super) fn named(language: Language, name: &str) -> &'static [&'static Idiom] {
    type Index = HashMap<Language, HashMap<&'static str, Vec<&'static Idiom>>>;
    static INDEX: OnceLock<Index> = OnceLock::new();
    let index = INDEX.get_or_init(|| {
        let mut index = Index::new();
        for idiom in ROWS {
            for language in idiom.languages {
                for name in idiom.names {
                    index.entry(*language).or_default().entry(name).or_default().push(idiom);
                }
            }
        }
        index
    });
    index.get(&language).and_then(|names| names.get(name)).map_or(&[], Vec::as_slice)
}
