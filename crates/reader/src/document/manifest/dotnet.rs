//! *.csproj, *.fsproj, *.sln and *.slnx.

use super::text::{lines, numbered, quoted};
use super::xml;
use super::{CommandFor, Ecosystem, EntryKind, Fact, Manifest, Need};
use crate::scan::{FileRole, role_of};

pub(super) fn project(path: &str, text: &str) -> Option<Manifest> {
    let root = xml::parse(text).filter(|root| root.name == "Project")?;
    let mut manifest = Manifest::new(Ecosystem::DotNet);
    let mut is_program = None;
    for group in root.all("PropertyGroup") {
        let fact = |key: &str| {
            let (value, lines) = group.child_text(key)?;
            Some(Fact { value: value.to_owned(), lines })
        };
        manifest.name = manifest.name.take().or_else(|| fact("PackageId")).or_else(|| fact("AssemblyName"));
        manifest.version =
            manifest.version.take().or_else(|| fact("Version")).or_else(|| fact("VersionPrefix"));
        manifest.description = manifest.description.take().or_else(|| fact("Description"));
        manifest.license = manifest.license.take().or_else(|| fact("PackageLicenseExpression"));
        manifest.requires = manifest
            .requires
            .take()
            .or_else(|| fact("TargetFramework"))
            .or_else(|| fact("TargetFrameworks"))
            .map(|fact| Fact { value: fact.value.replace(';', ", "), lines: fact.lines });
        is_program = is_program.or_else(|| {
            fact("OutputType")
                .filter(|fact| matches!(fact.value.to_ascii_lowercase().as_str(), "exe" | "winexe"))
        });
    }
    manifest.dependency_lines = Some(root.lines);
    for node in root.all("ItemGroup").flat_map(|group| group.all("PackageReference")) {
        let Some(name) = node.attribute("Include") else { continue };
        let version = node.attribute("Version").or_else(|| node.child_text("Version").map(|(text, _)| text));
        let private = node.attribute("PrivateAssets").is_some_and(|text| text.eq_ignore_ascii_case("all"));
        manifest.depend(name, version, if private { Need::Build } else { Need::Runtime }, node.lines);
    }
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    // At the root a solution or a second project may stand beside it, so that the folder does not tell which is meant.
    let what = if folder.is_empty() { file } else { folder };
    let is_sdk = root.attribute("Sdk").is_some()
        || root.all("Sdk").next().is_some()
        || root.all("Import").any(|import| import.attribute("Sdk").is_some());
    // What serves or waits for work is a program without saying so.
    let sdk = root.attribute("Sdk").unwrap_or_default();
    let is_service = matches!(sdk, "Microsoft.NET.Sdk.Web" | "Microsoft.NET.Sdk.Worker");
    if let Some(lines) = is_program.map(|fact| fact.lines).or_else(|| is_service.then_some(root.lines)) {
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let name = manifest.name.as_ref().map_or(stem, |fact| &fact.value).to_owned();
        manifest.enter(EntryKind::Command, &name, Some("Program.cs"), lines);
        if is_sdk {
            manifest.command(CommandFor::Run, &format!("dotnet run --project {what}"), lines);
        }
    }
    // Projects of the .NET Framework are no `dotnet`'s.
    let build = if is_sdk { format!("dotnet build {what}") } else { format!("msbuild {path}") };
    manifest.command(CommandFor::Build, &build, root.lines);
    let runs_tests = |name: &str| matches!(name, "Microsoft.NET.Test.Sdk" | "TUnit" | "xunit.v3");
    let tests = manifest.dependencies.iter().find(|dependency| runs_tests(&dependency.name));
    let tests = tests.map(|dependency| dependency.lines);
    if let Some(lines) = tests.or_else(|| sdk.starts_with("MSTest.Sdk").then_some(root.lines)) {
        manifest.command(CommandFor::Test, &format!("dotnet test {what}"), lines);
    }
    Some(manifest)
}

/// A list of projects, which are built and tested at once.
pub(super) fn solution(path: &str, text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::Solution);
    for (number, raw) in numbered(text) {
        let trimmed = raw.trim_start_matches('\u{feff}').trim();
        if !trimmed.starts_with("Project(") && !trimmed.starts_with("<Project ") {
            continue;
        }
        let project = quoted(trimmed).into_iter().find(|text| text.ends_with("proj"));
        manifest.members.extend(
            project.map(|text| Fact { value: text.replace('\\', "/"), lines: lines(number, number) }),
        );
    }
    let (first, last) = (manifest.members.first()?.lines, manifest.members.last()?.lines);
    let whole = lines(first.start_line, last.end_line);
    let is_dotnet =
        |member: &Fact| [".csproj", ".fsproj", ".vbproj"].iter().any(|end| member.value.ends_with(end));
    if is_of_the_framework(text) || !manifest.members.iter().any(is_dotnet) {
        manifest.command(CommandFor::Build, &format!("msbuild {path}"), whole);
        return Some(manifest);
    }
    manifest.command(CommandFor::Build, &format!("dotnet build {path}"), whole);
    let test = manifest.members.iter().find(|member| role_of(&member.value) == FileRole::Test);
    if let Some(lines) = test.map(|member| member.lines) {
        manifest.command(CommandFor::Test, &format!("dotnet test {path}"), lines);
    }
    Some(manifest)
}

/// Whether a solution is older than the projects that `dotnet` builds.
fn is_of_the_framework(text: &str) -> bool {
    let version =
        text.lines().take(4).find_map(|line| line.split_once("Format Version ")?.1.split('.').next());
    version.and_then(|version| version.trim().parse::<u32>().ok()).is_some_and(|version| version < 12)
}
