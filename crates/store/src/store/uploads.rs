//! Uploaded archives.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Store;
use crate::tables::uploads;
use crate::{ObjectKey, StoreError, Upload, UploadId};

impl Store {
    /// Takes over a checked archive.
    pub async fn add_upload(&self, name: &str, file: &Path, entries: u64) -> Result<Upload, StoreError> {
        let id = UploadId::generate();
        let object: ObjectKey = format!("uploads/{id}").parse()?;
        let bytes = self.objects.put(&object, file).await?;
        let upload =
            Upload { id, name: name.to_owned(), object, bytes, entries, created_at: Timestamp::now() };
        let row = upload.clone();
        self.tables.write(move |db| uploads::insert(db, &row)).await?;
        Ok(upload)
    }

    /// The upload.
    pub async fn upload(&self, id: &UploadId) -> Result<Option<Upload>, StoreError> {
        let id = id.clone();
        self.tables.read(move |db| uploads::get(db, &id)).await
    }

    /// The uploaded archive as a file of this machine; `None` when there is no such upload.
    pub async fn upload_file(&self, id: &UploadId) -> Result<Option<PathBuf>, StoreError> {
        match self.upload(id).await? {
            Some(upload) => self.objects.local(&upload.object).await.map(Some),
            None => Ok(None),
        }
    }

    /// Removes uploads made before then that no analysis reads; how many they were.
    pub async fn remove_stale_uploads(&self, before: Timestamp) -> Result<usize, StoreError> {
        let stale = self.tables.read(move |db| uploads::stale(db, before)).await?;
        let mut removed = 0;
        for upload in stale {
            let id = upload.id;
            if let Some(upload) = self.tables.write(move |db| uploads::delete_unused(db, &id)).await? {
                self.objects.delete(&upload.object).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}
