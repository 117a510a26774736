//! What is read.

use serde::{Deserialize, Serialize};

use super::UploadId;
use super::state::words;

/// Where the repository comes from.
///
/// In JSON one of `{"path": …}`, `{"git": …, "ref": …}`, `{"upload": …}` and `{"archive": …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged, try_from = "Given")]
pub enum Source {
    /// A folder on this machine, read where it lies.
    Path {
        /// The folder.
        path: String,
    },
    /// A git repository.
    Git {
        /// `https://`, `http://`, `ssh://`, `git://` or `user@host:path`; never with a password once stored.
        git: String,
        /// A branch, tag or commit; the default branch when absent.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// An archive that was uploaded.
    Upload {
        /// What the upload returned.
        upload: UploadId,
    },
    /// A zip, tar or tar.gz file on this machine.
    Archive {
        /// The file.
        archive: String,
    },
}

/// A source as somebody wrote it: with all of its fields, so that two sources at once are told and not half ignored.
#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with one of `path`, `git` (and `ref`), `upload`, `archive`"
)]
struct Given {
    path: Option<String>,
    git: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    upload: Option<UploadId>,
    archive: Option<String>,
}

impl TryFrom<Given> for Source {
    type Error = &'static str;

    fn try_from(given: Given) -> Result<Self, Self::Error> {
        let Given { path, git, reference, upload, archive } = given;
        if reference.is_some() && git.is_none() {
            return Err("`ref` goes with `git`");
        }
        match (path, git, upload, archive) {
            (Some(path), None, None, None) => Ok(Self::Path { path }),
            (None, Some(git), None, None) => Ok(Self::Git { git, reference }),
            (None, None, Some(upload), None) => Ok(Self::Upload { upload }),
            (None, None, None, Some(archive)) => Ok(Self::Archive { archive }),
            (None, None, None, None) => {
                Err("no source is given: give one of `path`, `git`, `upload`, `archive`")
            }
            _ => Err("several sources are given: give one of `path`, `git`, `upload`, `archive`"),
        }
    }
}

words! {
    /// The language in which pages and descriptions are written.
    #[derive(Default)]
    DocumentLanguage {
        /// English.
        #[default]
        En = "en",
        /// Chinese.
        Zh = "zh",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_reads_back_as_what_it_was() {
        for json in [
            r#"{"path":"/a"}"#,
            r#"{"git":"https://h/r"}"#,
            r#"{"git":"https://h/r","ref":"v1"}"#,
            r#"{"upload":"abc"}"#,
            r#"{"archive":"/a.zip"}"#,
        ] {
            let source: Source = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&source).unwrap(), json);
        }
        assert!(serde_json::from_str::<Source>(r#"{"upload":"../x"}"#).is_err());
    }

    #[test]
    fn what_names_no_source_or_several_is_refused() {
        for (json, told) in [
            (r#"{"path":"/a","git":"https://h/r"}"#, "several sources"),
            (r#"{"upload":"abc","archive":"/a.zip"}"#, "several sources"),
            (r#"{"path":"/a","ref":"v1"}"#, "`ref` goes with `git`"),
            (r#"{"git":"https://h/r","branch":"v1"}"#, "unknown field `branch`"),
            (r#"{"path":null}"#, "no source"),
            ("{}", "no source"),
            ("\"/a\"", "expected an object with one of `path`"),
        ] {
            let error = serde_json::from_str::<Source>(json).unwrap_err().to_string();
            assert!(error.contains(told), "{json}: {error}");
        }
    }
}
