//! Which Composer package a class of PHP comes from.
//!
//! `use` names a namespace and never the package. Without the package's own manifest only the names can tell: a
//! package's name is made of the words of its namespace (`symfony/http-foundation`,
//! `Symfony\Component\HttpFoundation`).

use std::collections::BTreeMap;

use crate::document::manifest::{Ecosystem, Manifest};
use crate::knowledge::{Outside, OutsideImport};

/// Words of packages that no namespace repeats.
const FILLERS: [&str; 4] = ["php", "sdk", "lib", "library"];
/// Packages whose namespace has another name.
const RENAMED: [(&str, &str); 1] = [("laravel/framework", "Illuminate")];

/// Puts what PHP files import from namespaces under the packages that the manifests name.
pub(super) fn named_by_package(
    outside: Vec<Outside>,
    manifests: &[Manifest],
    is_php: impl Fn(&str) -> bool,
) -> Vec<Outside> {
    let packages: Vec<Package<'_>> = manifests
        .iter()
        .filter(|manifest| manifest.ecosystem == Ecosystem::Composer)
        .flat_map(|manifest| &manifest.dependencies)
        .filter_map(|dependency| Package::of(&dependency.name))
        .collect();
    if packages.is_empty() {
        return outside;
    }
    let mut found: BTreeMap<String, Vec<OutsideImport>> = BTreeMap::new();
    for Outside { package, imports } in outside {
        for import in imports {
            let named = if is_php(&import.path) { package_of(&packages, &import.module) } else { None };
            let package = named.map_or_else(|| package.clone(), |package| package.name.to_owned());
            found.entry(package).or_default().push(import);
        }
    }
    found.into_iter().map(|(package, imports)| Outside { package, imports }).collect()
}

struct Package<'m> {
    name: &'m str,
    vendor: String,
    words: Vec<String>,
}

impl<'m> Package<'m> {
    fn of(name: &'m str) -> Option<Self> {
        let (vendor, own) = name.split_once('/')?;
        let words = own.split(['-', '_', '.']).map(|word| word.strip_prefix("php").unwrap_or(word));
        let words = words.filter(|word| !word.is_empty() && !FILLERS.contains(word)).map(singular).collect();
        Some(Self { name, vendor: squashed(vendor), words })
    }

    /// How well a namespace fits: the words behind its first part count before others.
    fn fit(&self, module: &str) -> Option<(usize, usize)> {
        let mut parts = module.trim_start_matches('\\').split('\\');
        let first = parts.next()?;
        if RENAMED.contains(&(self.name, first)) {
            return Some((1, 0));
        }
        let whole = self.words.concat();
        let is_of_vendor = squashed(first) == self.vendor;
        if !is_of_vendor && singular(&squashed(first)) != whole {
            return None;
        }
        let outer = words(first);
        let inner: Vec<String> = parts.take(2).flat_map(words).collect();
        let is_joined = !whole.is_empty() && inner.concat().contains(&whole);
        let behind = self.words.iter().filter(|word| is_joined || inner.contains(word)).count();
        let known =
            |word: &String| is_joined || inner.contains(word) || outer.contains(word) || *word == self.vendor;
        let fits = !is_of_vendor || self.words.iter().all(known);
        fits.then_some((behind, whole.len()))
    }
}

fn package_of<'p, 'm>(packages: &'p [Package<'m>], module: &str) -> Option<&'p Package<'m>> {
    let fitting = packages.iter().filter_map(|package| Some((package.fit(module)?, package)));
    fitting.max_by(|(a, x), (b, y)| a.cmp(b).then_with(|| y.name.cmp(x.name))).map(|(_, package)| package)
}

/// `HttpFoundation` is `http` and `foundation`; digits and capitals in a row stay with their word.
fn words(part: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut was_lower = true;
    for c in part.chars() {
        if c.is_uppercase() && was_lower || words.is_empty() {
            words.push(String::new());
        }
        was_lower = c.is_lowercase() || c.is_ascii_digit();
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words.iter().map(|word| singular(word)).collect()
}

fn squashed(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn singular(word: &str) -> String {
    let lower = word.to_lowercase();
    let is_plural = lower.len() > 3 && lower.ends_with('s') && !lower.ends_with("ss");
    if is_plural { lower[..lower.len() - 1].to_owned() } else { lower }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_belong_to_the_package_whose_words_they_hold() {
        let names = [
            "psr/log",
            "psr/http-message",
            "symfony/http-foundation",
            "symfony/event-dispatcher",
            "symfony/event-dispatcher-contracts",
            "symfony/cache",
            "guzzlehttp/guzzle",
            "guzzlehttp/psr7",
            "guzzlehttp/promises",
            "monolog/monolog",
            "nesbot/carbon",
            "nikic/fast-route",
            "vlucas/phpdotenv",
            "firebase/php-jwt",
            "doctrine/collections",
            "laminas/laminas-diactoros",
            "laravel/framework",
        ];
        let packages: Vec<Package<'_>> = names.iter().filter_map(|name| Package::of(name)).collect();
        for (module, package) in [
            ("Psr\\Log\\LoggerInterface", Some("psr/log")),
            ("\\Psr\\Http\\Message\\StreamInterface", Some("psr/http-message")),
            ("Symfony\\Component\\HttpFoundation\\Request", Some("symfony/http-foundation")),
            ("Symfony\\Component\\EventDispatcher\\Event", Some("symfony/event-dispatcher")),
            ("Symfony\\Contracts\\EventDispatcher\\Event", Some("symfony/event-dispatcher-contracts")),
            ("Symfony\\Component\\HttpKernel\\CacheWarmer\\Warmer", None),
            ("GuzzleHttp\\Client", Some("guzzlehttp/guzzle")),
            ("GuzzleHttp\\Psr7\\Request", Some("guzzlehttp/psr7")),
            ("GuzzleHttp\\Promise\\Promise", Some("guzzlehttp/promises")),
            ("Monolog\\Handler\\Handler", Some("monolog/monolog")),
            ("Carbon\\Carbon", Some("nesbot/carbon")),
            ("FastRoute\\Dispatcher", Some("nikic/fast-route")),
            ("Dotenv\\Dotenv", Some("vlucas/phpdotenv")),
            ("Firebase\\JWT\\JWT", Some("firebase/php-jwt")),
            ("Doctrine\\Common\\Collections\\Collection", Some("doctrine/collections")),
            ("Laminas\\Diactoros\\Response", Some("laminas/laminas-diactoros")),
            ("Illuminate\\Support\\Str", Some("laravel/framework")),
            ("Unknown\\Thing", None),
            ("Exception", None),
        ] {
            assert_eq!(package_of(&packages, module).map(|package| package.name), package, "{module}");
        }
    }
}
