//! What is read.

use serde::{Deserialize, Serialize};

use super::UploadId;
use super::state::words;

/// Where the repository comes from.
///
/// In JSON one of `{"path": …}`, `{"git": …, "ref": …}`, `{"upload": …}` and `{"archive": …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
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
}
