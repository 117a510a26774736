//! *.csproj and *.fsproj.

use super::xml;
use super::{CommandFor, Ecosystem, EntryKind, Fact, Manifest, Need};

pub(super) fn project(text: &str) -> Option<Manifest> {
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
        is_program =
            is_program.or_else(|| fact("OutputType").filter(|fact| fact.value.eq_ignore_ascii_case("exe")));
    }
    manifest.dependency_lines = Some(root.lines);
    for node in root.all("ItemGroup").flat_map(|group| group.all("PackageReference")) {
        let Some(name) = node.attribute("Include") else { continue };
        let version = node.attribute("Version").or_else(|| node.child_text("Version").map(|(text, _)| text));
        let private = node.attribute("PrivateAssets").is_some_and(|text| text.eq_ignore_ascii_case("all"));
        manifest.depend(name, version, if private { Need::Build } else { Need::Runtime }, node.lines);
    }
    if let Some(fact) = is_program {
        let name = manifest.name.as_ref().map_or_else(|| "program".to_owned(), |fact| fact.value.clone());
        manifest.enter(EntryKind::Command, &name, None, fact.lines);
        manifest.command(CommandFor::Run, "dotnet run", fact.lines);
    }
    manifest.command(CommandFor::Build, "dotnet build", root.lines);
    let tests = manifest.dependencies.iter().find(|dependency| dependency.name == "Microsoft.NET.Test.Sdk");
    if let Some(lines) = tests.map(|dependency| dependency.lines) {
        manifest.command(CommandFor::Test, "dotnet test", lines);
    }
    Some(manifest)
}
