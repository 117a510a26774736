//! What the manifests of package managers say about where modules lie.

use serde_json::Value;

/// Manifests larger than this are data, not manifests.
const MAX_BYTES: usize = 1 << 20;

/// Everything read from manifests, in the order of their paths.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    pub(crate) npm: Vec<NpmPackage>,
    pub(crate) tsconfigs: Vec<TsConfig>,
    pub(crate) go: Vec<GoModule>,
    pub(crate) cargo: Vec<CargoPackage>,
    /// Namespaces that `composer.json` maps to folders, parts joined by `.`.
    pub(crate) psr4: Vec<String>,
}

/// A `package.json` with a name.
#[derive(Debug)]
pub(crate) struct NpmPackage {
    pub(crate) folder: String,
    pub(crate) name: String,
    /// Files that importing the package by its name may mean, best first.
    pub(crate) entries: Vec<String>,
}

/// A `tsconfig.json` or `jsconfig.json` that maps names to paths.
#[derive(Debug)]
pub(crate) struct TsConfig {
    pub(crate) folder: String,
    /// The folder that plain names are looked up in.
    pub(crate) base: Option<String>,
    /// Pattern with at most one `*`, and what it stands for, relative to the repository.
    pub(crate) paths: Vec<(String, Vec<String>)>,
}

/// A `go.mod`.
#[derive(Debug)]
pub(crate) struct GoModule {
    pub(crate) folder: String,
    pub(crate) module: String,
}

/// A `Cargo.toml` with a package.
#[derive(Debug)]
pub(crate) struct CargoPackage {
    pub(crate) folder: String,
    /// As `use` spells it.
    pub(crate) name: String,
    /// The library's root file.
    pub(crate) lib: String,
    /// The names by which the code knows its dependencies, with the packages' own names.
    pub(crate) dependencies: Vec<(String, String)>,
}

impl Manifests {
    /// Takes a file if it is a manifest that can be read.
    pub(crate) fn take(&mut self, path: &str, text: &str) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if text.len() > MAX_BYTES {
            return;
        }
        match name {
            "package.json" => self.npm.extend(npm(folder, text)),
            "tsconfig.json" | "tsconfig.base.json" | "jsconfig.json" => {
                self.tsconfigs.extend(tsconfig(folder, text));
            }
            "go.mod" => self.go.extend(go(folder, text)),
            "Cargo.toml" => self.cargo.extend(cargo(folder, text)),
            "composer.json" => self.psr4.extend(psr4(text)),
            _ => {}
        }
    }
}

/// `path` from `folder`, with `.` and `..` taken out; `None` when it leads out of the repository.
pub(crate) fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = if path.starts_with('/') {
        Vec::new()
    } else {
        folder.split('/').filter(|part| !part.is_empty()).collect()
    };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn npm(folder: &str, text: &str) -> Option<NpmPackage> {
    let json: Value = serde_json::from_str(text).ok()?;
    let name = json.get("name")?.as_str()?.to_owned();
    let mut entries = Vec::new();
    for key in ["source", "types", "typings", "module", "main"] {
        entries.extend(json.get(key).and_then(Value::as_str).map(str::to_owned));
    }
    if let Some(exports) = json.get("exports") {
        strings(exports.get(".").unwrap_or(exports), &mut entries, 0);
    }
    Some(NpmPackage { folder: folder.to_owned(), name, entries })
}

fn strings(value: &Value, out: &mut Vec<String>, depth: usize) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Object(fields) if depth < 4 => {
            fields.values().for_each(|value| strings(value, out, depth + 1))
        }
        Value::Array(values) if depth < 4 => values.iter().for_each(|value| strings(value, out, depth + 1)),
        _ => {}
    }
}

fn tsconfig(folder: &str, text: &str) -> Option<TsConfig> {
    let json: Value = serde_json::from_str(&without_comments(text)).ok()?;
    let options = json.get("compilerOptions")?;
    let base = options.get("baseUrl").and_then(Value::as_str).and_then(|base| join(folder, base));
    let from = base.clone().unwrap_or_else(|| folder.to_owned());
    let paths: Vec<(String, Vec<String>)> = options
        .get("paths")
        .and_then(Value::as_object)
        .map(|paths| {
            let targets = |value: &Value| {
                let targets = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                targets.filter_map(|target| join(&from, target)).collect()
            };
            paths.iter().map(|(pattern, value)| (pattern.clone(), targets(value))).collect()
        })
        .unwrap_or_default();
    (base.is_some() || !paths.is_empty()).then(|| TsConfig { folder: folder.to_owned(), base, paths })
}

/// JSON of JSON with comments and commas before closing brackets.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut in_string = false;
    while let Some(c) = chars.next() {
        if in_string {
            out.push(c);
            match c {
                '\\' => out.extend(chars.next()),
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match (c, chars.peek()) {
            ('/', Some('/')) => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
            }
            ('/', Some('*')) => {
                chars.next();
                let mut before = ' ';
                for c in chars.by_ref() {
                    if before == '*' && c == '/' {
                        break;
                    }
                    before = c;
                }
            }
            ('}' | ']', _) => {
                let kept = out.trim_end().len();
                if out[..kept].ends_with(',') {
                    out.truncate(kept - 1);
                }
                out.push(c);
            }
            _ => {
                in_string = c == '"';
                out.push(c);
            }
        }
    }
    out
}

fn go(folder: &str, text: &str) -> Option<GoModule> {
    let module = text.lines().find_map(|line| line.trim().strip_prefix("module "))?;
    let module = module.split("//").next().unwrap_or(module).trim().trim_matches('"').to_owned();
    (!module.is_empty()).then(|| GoModule { folder: folder.to_owned(), module })
}

fn cargo(folder: &str, text: &str) -> Option<CargoPackage> {
    let manifest: toml::Table = text.parse().ok()?;
    let package = manifest.get("package")?.get("name")?.as_str()?;
    let lib = manifest.get("lib");
    let text_of = |key: &str| lib.and_then(|lib| lib.get(key)).and_then(toml::Value::as_str);
    let name = text_of("name").unwrap_or(package).replace('-', "_");
    let lib = join(folder, text_of("path").unwrap_or("src/lib.rs"))?;
    let mut dependencies = Vec::new();
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let sections = targets.into_iter().flat_map(toml::Table::values).filter_map(toml::Value::as_table);
    for section in std::iter::once(&manifest).chain(sections) {
        for key in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let written = section.get(key).and_then(toml::Value::as_table);
            for (alias, dependency) in written.into_iter().flatten() {
                let package = dependency.get("package").and_then(toml::Value::as_str).unwrap_or(alias);
                dependencies.push((alias.replace('-', "_"), package.replace('-', "_")));
            }
        }
    }
    Some(CargoPackage { folder: folder.to_owned(), name, lib, dependencies })
}

fn psr4(text: &str) -> Vec<String> {
    let Ok(json) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let maps = ["autoload", "autoload-dev"]
        .map(|section| json.get(section).and_then(|section| section.get("psr-4")));
    let prefixes = maps.into_iter().flatten().filter_map(Value::as_object).flat_map(|map| map.keys());
    prefixes
        .map(|prefix| prefix.trim_matches('\\').replace('\\', "."))
        .filter(|prefix| !prefix.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_within_the_repository() {
        assert_eq!(join("a/b", "../c.js").as_deref(), Some("a/c.js"));
        assert_eq!(join("", "./x").as_deref(), Some("x"));
        assert_eq!(join("a", "../../x"), None);
    }

    #[test]
    fn manifests_are_read() {
        let mut manifests = Manifests::default();
        manifests.take(
            "p/package.json",
            r#"{"name":"@a/p","main":"./lib/x.js","exports":{".":{"import":"./x.mjs"}}}"#,
        );
        manifests.take(
            "tsconfig.json",
            "{ // c\n \"compilerOptions\": {\"baseUrl\": \"src\", /* d */ \"paths\": {\"@/*\": [\"./*\",],},}}",
        );
        manifests.take("go.mod", "module example.org/m // x\n\ngo 1.22\n");
        manifests.take(
            "c/Cargo.toml",
            "[package]\nname = \"my-crate\"\n[dependencies]\nb = { package = \"b-c\", version = \"1\" }",
        );
        manifests.take("composer.json", r#"{"autoload":{"psr-4":{"App\\":"src/"}}}"#);
        manifests.take("broken/package.json", "{");
        assert_eq!(manifests.npm[0].entries, ["./lib/x.js", "./x.mjs"]);
        assert_eq!(manifests.tsconfigs[0].paths, [("@/*".to_owned(), vec!["src".to_owned() + "/*"])]);
        assert_eq!(manifests.go[0].module, "example.org/m");
        assert_eq!(
            (manifests.cargo[0].name.as_str(), manifests.cargo[0].lib.as_str()),
            ("my_crate", "c/src/lib.rs")
        );
        assert_eq!(manifests.cargo[0].dependencies, [("b".to_owned(), "b_c".to_owned())]);
        assert_eq!(manifests.psr4, ["App"]);
    }
}
