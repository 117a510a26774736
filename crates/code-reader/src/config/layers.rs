//! Which value of a setting counts, and where it came from.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::{ConfigError, SETTINGS, Setting};

/// Where a value came from, the weakest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Built in.
    Default,
    /// `code-reader.toml`.
    Toml(PathBuf),
    /// `.env`.
    DotEnv(PathBuf),
    /// The environment.
    Environment,
    /// A flag of this command.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::Toml(path) | Origin::DotEnv(path) => path.display().fmt(f),
            Origin::Environment => f.write_str("environment"),
            Origin::Flag => f.write_str("flag"),
        }
    }
}

/// A value as text, with its origin.
#[derive(Debug, Clone)]
pub struct Value {
    /// As written.
    pub text: String,
    /// Where.
    pub origin: Origin,
}

/// The value of every setting that has one.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    values: BTreeMap<&'static str, Value>,
    defaults: BTreeMap<&'static str, Value>,
    /// The table `schedule` of `code-reader.toml`.
    schedule: toml::Table,
}

impl Layers {
    /// Reads defaults, `code-reader.toml` and `.env` of `folder`, the environment and `flags`.
    pub fn load(
        folder: &Path,
        environment: impl Fn(&str) -> Option<String>,
        flags: Vec<(&'static str, String)>,
    ) -> Result<Layers, ConfigError> {
        let mut layers = Layers::default();
        layers.defaults(&environment);
        layers.toml(&folder.join("code-reader.toml"))?;
        layers.dot_env(&folder.join(".env"))?;
        for setting in SETTINGS {
            if let Some(text) = environment(setting.name) {
                // In most shells LANGUAGE is gettext's list of locales; only our two values are ours.
                if setting.name != "LANGUAGE" || ["en", "zh"].contains(&text.as_str()) {
                    layers.set(setting, text, Origin::Environment);
                }
            }
        }
        for (name, text) in flags {
            if let Some(setting) = find(name) {
                layers.set(setting, text, Origin::Flag);
            }
        }
        layers.default_concurrency();
        Ok(layers)
    }

    /// What `beat` sends, as written in `code-reader.toml`.
    pub fn schedule(&self) -> &toml::Table {
        &self.schedule
    }

    /// The settings that have a value.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// The file that names the provider, where the key comes from elsewhere: it decides who gets a key of the user's.
    pub fn file_that_gets_the_key(&self) -> Option<PathBuf> {
        let origin = |name| self.get(name).map(|value| &value.origin);
        match (origin("OPENAI_BASE_URL")?, origin("OPENAI_API_KEY")?) {
            (Origin::Toml(file) | Origin::DotEnv(file), Origin::Environment | Origin::Flag) => {
                Some(file.clone())
            }
            _ => None,
        }
    }

    /// The text of a setting, empty when unset.
    pub fn text(&self, name: &str) -> &str {
        self.optional(name).unwrap_or_default()
    }

    /// The text of a setting that is set and not empty.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.text.as_str()).filter(|text| !text.is_empty())
    }

    /// A whole number within `range`.
    pub fn number(&self, name: &'static str, range: RangeInclusive<u64>) -> Result<u64, ConfigError> {
        let expected = || match *range.end() {
            u64::MAX => format!("write a whole number of at least {}", range.start()),
            end => format!("write a whole number from {} to {end}", range.start()),
        };
        let number: u64 = self.parse(name, &expected())?;
        if range.contains(&number) { Ok(number) } else { Err(self.invalid(name, &expected())) }
    }

    /// A decimal number that is not negative.
    pub fn decimal(&self, name: &'static str) -> Result<Option<f64>, ConfigError> {
        let expected = "write a number such as 0.6";
        match self.optional(name) {
            None => Ok(None),
            Some(_) => match self.parse::<f64>(name, expected)? {
                number if number.is_finite() && number >= 0.0 => Ok(Some(number)),
                _ => Err(self.invalid(name, expected)),
            },
        }
    }

    /// A time in seconds, at most ten years.
    pub fn seconds(&self, name: &'static str) -> Result<Duration, ConfigError> {
        match self.pause(name) {
            Ok(time) if !time.is_zero() => Ok(time),
            _ => Err(self.invalid(name, "write a number of seconds greater than 0")),
        }
    }

    /// The same, which may be zero.
    pub fn pause(&self, name: &'static str) -> Result<Duration, ConfigError> {
        const TEN_YEARS: f64 = 315_360_000.0;
        match self.decimal(name)? {
            Some(seconds) if seconds <= TEN_YEARS => Ok(Duration::from_secs_f64(seconds)),
            _ => Err(self.invalid(name, "write a number of seconds, or 0")),
        }
    }

    /// `true` or `false`, also as 1 and 0, yes and no.
    pub fn boolean(&self, name: &'static str) -> Result<bool, ConfigError> {
        match self.text(name).to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" | "" => Ok(false),
            _ => Err(self.invalid(name, "write true or false")),
        }
    }

    /// One of `choices`.
    pub fn one_of(&self, name: &'static str, choices: &[&'static str]) -> Result<&'static str, ConfigError> {
        let text = self.text(name);
        choices
            .iter()
            .find(|choice| **choice == text)
            .copied()
            .ok_or_else(|| self.invalid(name, &format!("write one of {}", choices.join(", "))))
    }

    /// Anything that reads itself from text.
    pub fn parse<T: FromStr>(&self, name: &'static str, expected: &str) -> Result<T, ConfigError> {
        self.text(name).parse().map_err(|_| self.invalid(name, expected))
    }

    /// The error for a value that is not what it should be.
    pub fn invalid(&self, name: &'static str, expected: &str) -> ConfigError {
        let secret = find(name).is_some_and(|setting| setting.secret);
        let value = self.values.get(name);
        ConfigError::Invalid {
            name,
            origin: value.map_or_else(|| "nowhere".to_owned(), |value| value.origin.to_string()),
            value: if secret { "***".to_owned() } else { celeriac::without_password(self.text(name)) },
            expected: expected.to_owned(),
        }
    }

    /// Takes over a value. An empty one means that the setting is not set, whatever a weaker layer says: an empty
    /// DATA_DIR must not become the folder in which one happens to stand.
    fn set(&mut self, setting: &'static Setting, text: String, origin: Origin) {
        let value = Value { text, origin };
        if value.origin == Origin::Default {
            self.defaults.insert(setting.name, value.clone());
        }
        let counts =
            if value.text.is_empty() { self.defaults.get(setting.name).cloned() } else { Some(value) };
        match counts {
            Some(value) => self.values.insert(setting.name, value),
            None => self.values.remove(setting.name),
        };
    }

    fn defaults(&mut self, environment: &impl Fn(&str) -> Option<String>) {
        for setting in SETTINGS {
            if let Some(default) = setting.default {
                self.set(setting, default.to_owned(), Origin::Default);
            }
        }
        if let (Some(setting), Some(base)) = (find("DATA_DIR"), data_home(environment, home_of_user)) {
            self.set(setting, base.join("code-reader").display().to_string(), Origin::Default);
        }
    }

    /// More slots with an LLM, whose tasks wait for the provider; parsing fills the cores by itself.
    fn default_concurrency(&mut self) {
        if self.values.contains_key("CELERY_WORKER_CONCURRENCY") {
            return;
        }
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let slots = if self.optional("OPENAI_BASE_URL").is_some() {
            self.text("LLM_MAX_CONCURRENT").parse().unwrap_or(100usize).clamp(1, 32)
        } else {
            2 * cores
        };
        if let Some(setting) = find("CELERY_WORKER_CONCURRENCY") {
            self.set(setting, slots.to_string(), Origin::Default);
        }
    }

    fn toml(&mut self, path: &Path) -> Result<(), ConfigError> {
        let Some(text) = read_optional(path)? else { return Ok(()) };
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| ConfigError::File {
            path: path.to_owned(),
            reason: toml_reason(&text, &error),
        })?;
        for (key, value) in table {
            if key == "schedule" {
                let toml::Value::Table(schedule) = value else {
                    return Err(ConfigError::File {
                        path: path.to_owned(),
                        reason: "`schedule` is no table: write its entries as [schedule.NAME]".to_owned(),
                    });
                };
                self.schedule = schedule;
                continue;
            }
            let Some(setting) = find(&key.to_ascii_uppercase()) else {
                return Err(ConfigError::File {
                    path: path.to_owned(),
                    reason: format!("unknown setting `{key}`: `code-reader config` lists all of them"),
                });
            };
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Array(parts) => {
                    let texts: Option<Vec<&str>> = parts.iter().map(toml::Value::as_str).collect();
                    let texts = texts.ok_or_else(|| ConfigError::File {
                        path: path.to_owned(),
                        reason: format!("`{key}` is a list of other things than texts: put them in quotes"),
                    })?;
                    texts.join(":")
                }
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Float(number) => number.to_string(),
                toml::Value::Boolean(flag) => flag.to_string(),
                toml::Value::Datetime(_) | toml::Value::Table(_) => {
                    return Err(ConfigError::File {
                        path: path.to_owned(),
                        reason: format!(
                            "`{key}` is a table or a date: write a text, a number, true or false"
                        ),
                    });
                }
            };
            self.set(setting, text, Origin::Toml(path.to_owned()));
        }
        Ok(())
    }

    /// Other programs share `.env`, so unknown names are left alone.
    fn dot_env(&mut self, path: &Path) -> Result<(), ConfigError> {
        let Some(text) = read_optional(path)? else { return Ok(()) };
        // Some editors begin a file with this mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        for pair in dotenvy::from_read_iter(text.as_bytes()) {
            let (key, value) = pair.map_err(|error| ConfigError::File {
                path: path.to_owned(),
                reason: dot_env_reason(text, &error),
            })?;
            if let Some(setting) = find(&key) {
                self.set(setting, value, Origin::DotEnv(path.to_owned()));
            }
        }
        Ok(())
    }
}

/// Where programs keep their data; `None` where only a folder would be left that depends on where one stands.
fn data_home(
    environment: &impl Fn(&str) -> Option<String>,
    home_of_user: impl FnOnce() -> Option<PathBuf>,
) -> Option<PathBuf> {
    let set = |name| environment(name).filter(|text| !text.is_empty()).map(PathBuf::from);
    if let Some(base) = set("XDG_DATA_HOME").filter(|base| base.is_absolute()) {
        return Some(base);
    }
    let home = set("HOME").or_else(home_of_user)?;
    home.is_absolute().then(|| home.join(".local/share"))
}

/// The home folder that the system knows: services and containers often start without HOME.
fn home_of_user() -> Option<PathBuf> {
    nix::unistd::User::from_uid(nix::unistd::getuid()).ok()?.map(|user| user.dir)
}

/// The library's own message quotes the line, and that line may hold a key.
fn toml_reason(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map(|before| format!("line {}: ", before.matches('\n').count() + 1));
    format!("{}{}", line.unwrap_or_default(), error.message().lines().next().unwrap_or_default())
}

/// So does that of this one.
fn dot_env_reason(text: &str, error: &dotenvy::Error) -> String {
    match error {
        dotenvy::Error::LineParse(part, _) => {
            let number = text.find(part.as_str()).map(|at| text[..at].matches('\n').count() + 1);
            let line = number.map_or_else(|| "a line".to_owned(), |number| format!("line {number}"));
            match open_quote(part) {
                Some(quote) => format!("{line} opens a quote ({quote}) that is not closed"),
                None => format!("{line} is not NAME=value: quote values that hold spaces"),
            }
        }
        other => other.to_string(),
    }
}

/// The quote that is still open at the end of `NAME=value`, in which `\\` keeps what follows from closing it.
fn open_quote(line: &str) -> Option<char> {
    let (_, value) = line.split_once('=')?;
    let (mut open, mut letters) = (None, value.chars());
    while let Some(letter) = letters.next() {
        match (open, letter) {
            (None | Some('"'), '\\') => drop(letters.next()),
            (None, '\'' | '"') => open = Some(letter),
            (Some(quote), letter) if quote == letter => open = None,
            _ => {}
        }
    }
    open
}

fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The text of a file, if it is there. A pipe or a device is refused: reading it may never end.
fn read_optional(path: &Path) -> Result<Option<String>, ConfigError> {
    let read = || match std::fs::metadata(path)?.is_file() {
        true => std::fs::read_to_string(path),
        false => Err(std::io::Error::other("it is no regular file: remove it, or put a file in its place")),
    };
    match read() {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ConfigError::File { path: path.to_owned(), reason: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn load(files: &[(&str, &str)], environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Layers {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let environment = |name: &str| {
            let all = environment.iter().chain(&[("HOME", "/home/me")]);
            all.clone().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        let flags = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Layers::load(folder.path(), environment, flags).unwrap()
    }

    #[test]
    fn the_stronger_layer_counts_and_says_where_it_stands() {
        let files = [("code-reader.toml", "app_port = 1\nllm_rpm = 7"), (".env", "APP_PORT=2\nLLM_TPM=9\n")];
        let layers = load(&files, &[("APP_PORT", "3")], &[]);
        assert_eq!(layers.text("APP_PORT"), "3");
        assert_eq!(layers.get("APP_PORT").unwrap().origin, Origin::Environment);
        assert!(matches!(layers.get("LLM_RPM").unwrap().origin, Origin::Toml(_)));
        assert!(matches!(layers.get("LLM_TPM").unwrap().origin, Origin::DotEnv(_)));
        let layers = load(&files, &[("APP_PORT", "3")], &[("APP_PORT", "4")]);
        assert_eq!(Config::from_layers(&layers).unwrap().port, 4);
    }

    #[test]
    fn a_bad_value_names_the_setting_its_place_and_what_would_be_right() {
        let layers = load(&[(".env", "APP_PORT=eighty\n")], &[], &[]);
        let error = Config::from_layers(&layers).err().unwrap().to_string();
        assert!(error.contains("APP_PORT from") && error.contains(".env"), "{error}");
        assert!(error.contains("`eighty`: write a whole number from 0 to 65535"), "{error}");
    }

    #[test]
    fn a_broken_env_line_is_reported_without_its_value() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".env"), "# keys\nOPENAI_API_KEY=sk-very secret words\n").unwrap();
        let error = Layers::load(folder.path(), |_| None, vec![]).err().unwrap().to_string();
        assert!(error.contains("line 2 is not") && !error.contains("very"), "{error}");
    }

    #[test]
    fn a_quote_that_is_not_closed_is_told_without_its_value() {
        for text in ["A=1\nB=\"sk-very\n", "A='x'\nB='sk-very\n", "A=1\nB=\"sk-very\\\"\n"] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(".env"), text).unwrap();
            let error = Layers::load(folder.path(), |_| None, vec![]).err().unwrap().to_string();
            assert!(error.contains("line 2 opens a quote") && !error.contains("very"), "{text}: {error}");
        }
    }

    #[test]
    fn a_mark_of_the_byte_order_is_no_part_of_the_first_name() {
        let layers = load(
            &[(".env", "\u{feff}APP_PORT=81\n"), ("code-reader.toml", "\u{feff}llm_rpm = 7\n")],
            &[],
            &[],
        );
        assert_eq!((layers.text("APP_PORT"), layers.text("LLM_RPM")), ("81", "7"));
    }

    #[test]
    fn data_is_never_kept_where_one_happens_to_stand() {
        let home = |set: &[(&str, &str)], of_user: Option<&str>| {
            let environment =
                |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            data_home(&environment, || of_user.map(PathBuf::from)).map(|base| base.display().to_string())
        };
        assert_eq!(home(&[("XDG_DATA_HOME", "/x"), ("HOME", "/h")], None).unwrap(), "/x");
        assert_eq!(home(&[("XDG_DATA_HOME", "x"), ("HOME", "/h")], None).unwrap(), "/h/.local/share");
        for unset in [&[][..], &[("HOME", "")]] {
            assert_eq!(home(unset, Some("/u")).unwrap(), "/u/.local/share");
            assert_eq!(home(unset, Some("")), None);
            assert_eq!(home(unset, None), None);
        }
        assert_eq!(home(&[("HOME", "h")], Some("/u")), None);
        let layers = load(&[], &[("HOME", "h")], &[]);
        assert!(Config::from_layers(&layers).err().unwrap().to_string().contains("HOME"));
        let layers = load(&[], &[("HOME", "h")], &[("DATA_DIR", "kept")]);
        assert!(Config::from_layers(&layers).is_ok());
    }

    #[test]
    fn an_empty_value_leaves_the_default() {
        let layers = load(
            &[(".env", "APP_PORT=2\nOPENAI_BASE_URL=http://h/v1\n")],
            &[("APP_PORT", ""), ("DATA_DIR", ""), ("OPENAI_BASE_URL", "")],
            &[],
        );
        assert_eq!(layers.text("APP_PORT"), "8000");
        assert_eq!(layers.text("DATA_DIR"), "/home/me/.local/share/code-reader");
        assert!(layers.get("OPENAI_BASE_URL").is_none());
        assert!(Config::from_layers(&layers).is_ok());
    }

    #[test]
    fn limits_of_the_provider_are_checked_without_a_provider() {
        for (name, value) in [("LLM_RPM", "-5"), ("LLM_MAX_CONCURRENT", "0"), ("LLM_REQUEST_TIMEOUT", "soon")]
        {
            let layers = load(&[], &[(name, value)], &[]);
            let error = Config::from_layers(&layers).err().unwrap().to_string();
            assert!(error.contains(&format!("{name} from environment is `{value}`")), "{error}");
        }
    }

    #[test]
    fn a_pipe_in_the_place_of_a_file_is_refused() {
        for name in [".env", "code-reader.toml"] {
            let folder = tempfile::tempdir().unwrap();
            nix::unistd::mkfifo(&folder.path().join(name), nix::sys::stat::Mode::S_IRUSR).unwrap();
            let error = Layers::load(folder.path(), |_| None, vec![]).err().unwrap().to_string();
            assert!(error.contains(name) && error.contains("no regular file"), "{error}");
        }
    }

    #[test]
    fn a_broken_toml_file_is_reported_without_its_values() {
        for (text, told) in [
            ("app_port = 1\nopenai_api_key = sk-very-secret\n", "line 2: "),
            ("openai_api_key = \"sk-very-secret", "line 1: "),
            ("app_port = [1]\n", "list of other things"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("code-reader.toml"), text).unwrap();
            let error = Layers::load(folder.path(), |_| None, vec![]).err().unwrap().to_string();
            assert!(error.contains(told) && !error.contains("very"), "{error}");
        }
    }

    #[test]
    fn an_open_door_is_refused_without_a_token() {
        let layers = load(&[], &[("APP_HOST", "0.0.0.0")], &[]);
        assert!(Config::from_layers(&layers).err().unwrap().to_string().contains("AUTH_TOKEN"));
        let layers = load(&[], &[("APP_HOST", "0.0.0.0"), ("AUTH_TOKEN", "t")], &[]);
        assert!(Config::from_layers(&layers).is_ok());
    }

    #[test]
    fn the_locale_list_in_language_is_not_ours() {
        let layers = load(&[], &[("LANGUAGE", "de_DE:en")], &[]);
        assert_eq!(Config::from_layers(&layers).unwrap().language, "en");
    }

    #[test]
    fn a_key_without_an_address_is_refused_where_an_llm_is_asked() {
        let layers = load(&[], &[("OPENAI_API_KEY", "sk-1")], &[]);
        let config = Config::from_layers(&layers).unwrap();
        let error = config.require_llm().unwrap_err().to_string();
        assert!(error.contains("OPENAI_BASE_URL") && !error.contains("sk-1"), "{error}");
    }

    #[test]
    fn token_and_password_are_both_known() {
        let layers = load(&[], &[("AUTH_TOKEN", "t"), ("PASSWORD", "p"), ("APP_HOST", "0.0.0.0")], &[]);
        assert_eq!(*Config::from_layers(&layers).unwrap().auth_tokens, ["t".to_owned(), "p".to_owned()]);
    }
}
