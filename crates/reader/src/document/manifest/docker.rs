//! Dockerfile and compose files.

use super::text::{indent, line, numbered, unquote};
use super::{CommandFor, Ecosystem, EntryKind, Manifest, Need};

/// Images of servers that programs use.
const SERVERS: [&str; 21] = [
    "postgres",
    "postgresql",
    "postgis",
    "pgvector",
    "timescaledb",
    "mysql",
    "mysql-server",
    "mariadb",
    "redis",
    "redis-stack",
    "valkey",
    "memcached",
    "mongo",
    "rabbitmq",
    "kafka",
    "zookeeper",
    "elasticsearch",
    "opensearch",
    "dynamodb-local",
    "localstack",
    "minio",
];

pub(super) fn is_dockerfile(file: &str) -> bool {
    file == "Dockerfile"
        || file == "Containerfile"
        || file.starts_with("Dockerfile.")
        || file.ends_with(".Dockerfile")
}

pub(super) fn is_compose(file: &str) -> bool {
    (file.starts_with("docker-compose") || file.starts_with("compose"))
        && (file.ends_with(".yml") || file.ends_with(".yaml"))
}

pub(super) fn dockerfile(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::Docker);
    let mut stages: Vec<String> = Vec::new();
    let mut start: Option<(u32, String)> = None;
    for (number, raw) in numbered(text) {
        let words: Vec<&str> = raw.split_whitespace().collect();
        let Some(instruction) = words.first().map(|word| word.to_ascii_uppercase()) else { continue };
        match instruction.as_str() {
            "FROM" => {
                let image = words.iter().skip(1).find(|word| !word.starts_with("--")).copied().unwrap_or("");
                if !stages.iter().any(|stage| stage == image) && !image.contains('$') && image != "scratch" {
                    let (name, version) = image.rsplit_once(':').map_or((image, None), |(n, v)| (n, Some(v)));
                    manifest.depend(name, version, Need::Runtime, line(number));
                }
                if let Some(at) = words.iter().position(|word| word.eq_ignore_ascii_case("as")) {
                    stages.extend(words.get(at + 1).map(|word| (*word).to_owned()));
                }
                start = None;
            }
            // The last ENTRYPOINT or CMD of the last stage counts; CMD alone only without ENTRYPOINT.
            "ENTRYPOINT" => start = Some((number, process(raw, "ENTRYPOINT"))),
            "CMD" if start.is_none() => start = Some((number, process(raw, "CMD"))),
            _ => {}
        }
    }
    if let Some((number, process)) = start {
        manifest.enter(EntryKind::Container, &process, None, line(number));
    }
    if !manifest.dependencies.is_empty() {
        manifest.command(CommandFor::Build, "docker build .", line(1));
    }
    Some(manifest)
}

fn process(raw: &str, instruction: &str) -> String {
    let rest = raw.trim().get(instruction.len()..).unwrap_or("").trim();
    match serde_json::from_str::<Vec<String>>(rest) {
        Ok(words) => words.join(" "),
        Err(_) => rest.to_owned(),
    }
}

/// Services and their images: the two top levels by indentation.
pub(super) fn compose(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::Docker);
    let mut in_services = false;
    let (mut first, mut builds) = (None, false);
    for (number, raw) in numbered(text) {
        let trimmed = raw.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if indent(raw) == 0 {
            in_services = trimmed == "services:";
            continue;
        }
        if !in_services {
            continue;
        }
        first.get_or_insert(number);
        builds |= trimmed.starts_with("build:");
        if let Some(image) = trimmed.strip_prefix("image:") {
            let image = unquote(image);
            let (name, version) = image.rsplit_once(':').map_or((image, None), |(n, v)| (n, Some(v)));
            manifest.depend(name, version, Need::Runtime, line(number));
        }
    }
    if let Some(number) = first {
        // Servers of others alone are what a program needs, and not the program.
        let is_server = |image: &str| {
            image.ends_with("mssql/server") || SERVERS.contains(&image.rsplit('/').next().unwrap_or(image))
        };
        let runs = builds || !manifest.dependencies.iter().all(|image| is_server(&image.name));
        let purpose = if runs { CommandFor::Run } else { CommandFor::Other };
        manifest.command(purpose, "docker compose up", line(number));
    }
    Some(manifest)
}
