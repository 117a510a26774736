//! The store: one method for each thing that the rooms above do with it.

mod analyses;
mod database;
mod results;
mod uploads;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use results::SaveReadings;

use crate::objects::{self, FileObjects};
use crate::{ObjectStore, StoreError};
use database::Tables;

/// What lasts and is shared. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    /// The SQLite file.
    tables: Tables,
    /// Knowledge bases and uploads.
    objects: Arc<dyn ObjectStore>,
}

impl Store {
    /// Opens what these addresses name, or `analyses.db` and `objects` in the data folder; makes what is not
    /// there, brings older databases up to date and refuses newer ones.
    pub async fn open(
        data_dir: &Path,
        database_url: Option<&str>,
        object_store_url: Option<&str>,
    ) -> Result<Self, StoreError> {
        let tables = Tables::open(database_path(data_dir, database_url)?).await?;
        let folder = objects::folder(object_store_url, &data_dir.join("objects"))?;
        Ok(Self { tables, objects: Arc::new(FileObjects::open(folder).await?) })
    }

    /// The same where nothing may be written: what is not there is not made, and every change fails.
    pub async fn look(
        data_dir: &Path,
        database_url: Option<&str>,
        object_store_url: Option<&str>,
    ) -> Result<Self, StoreError> {
        let tables = Tables::look(database_path(data_dir, database_url)?).await?;
        let folder = objects::folder(object_store_url, &data_dir.join("objects"))?;
        Ok(Self { tables, objects: Arc::new(FileObjects::look(folder)) })
    }

    /// Where knowledge bases and uploads lie.
    pub fn objects(&self) -> &dyn ObjectStore {
        &*self.objects
    }
}

fn database_path(data_dir: &Path, url: Option<&str>) -> Result<PathBuf, StoreError> {
    match url {
        None => Ok(data_dir.join("analyses.db")),
        Some(url) => database::path_of(url),
    }
}
