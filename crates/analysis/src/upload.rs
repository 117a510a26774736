//! Archives that users send.

use std::io;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use store::UploadId;
use tokio::io::AsyncWriteExt;

use crate::intake::archive;
use crate::{Analyses, AnalysisError, ErrorKind, blocking};

impl Analyses {
    /// Takes an archive of at most `max_bytes`, streamed to disk, and looks through it; returns its id and size. On an
    /// error nothing stays.
    pub async fn upload(
        &self,
        name: Option<String>,
        max_bytes: u64,
        stream: impl Stream<Item = io::Result<Bytes>> + Send,
    ) -> Result<(UploadId, u64), AnalysisError> {
        let name: String =
            name.unwrap_or_default().chars().filter(|letter| !letter.is_control()).take(200).collect();
        let name = if name.is_empty() { "upload".to_owned() } else { name };
        let limits = self.settings().archives.clone();
        let max_bytes = max_bytes.min(limits.max_archive_bytes);
        let folder =
            self.shared().space().folder().map_err(|error| AnalysisError::io("keep the upload", &error))?;
        let path = folder.path().join("archive");
        receive(&path, max_bytes, stream).await?;
        let (checked, never) = (path.clone(), AtomicBool::new(false));
        let contents = blocking(move || archive::check(&checked, &limits, &never)).await;
        let contents = contents.map_err(|error| archive::explained(&name, error))?;
        let upload = self.store().add_upload(&name, &path, contents.files).await?;
        Ok((upload.id, upload.bytes))
    }
}

async fn receive(
    path: &std::path::Path,
    max_bytes: u64,
    stream: impl Stream<Item = io::Result<Bytes>> + Send,
) -> Result<(), AnalysisError> {
    let write_error = |error: io::Error| AnalysisError::io("keep the upload", &error);
    let mut file = tokio::fs::File::create(path).await.map_err(write_error)?;
    let mut stream = std::pin::pin!(stream);
    let mut bytes = 0_u64;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => AnalysisError::too_slow("the upload"),
            _ => AnalysisError::invalid(
                "upload_broken",
                format!("the upload broke off: {error}"),
                "Send the archive again.",
            ),
        })?;
        bytes += chunk.len() as u64;
        if bytes > max_bytes {
            return Err(AnalysisError::new(
                ErrorKind::TooLarge,
                "upload_too_large",
                format!("the archive has more than the {max_bytes} bytes that are taken"),
                "Leave out data and build output, or give a git URL.",
            ));
        }
        file.write_all(&chunk).await.map_err(write_error)?;
    }
    file.flush().await.map_err(write_error)
}
