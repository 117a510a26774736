//! The store: one method for each thing that the rooms above do with it.

mod analyses;
mod database;
mod results;
mod uploads;

use std::path::Path;
use std::sync::Arc;

pub use results::SaveReadings;

use crate::{ObjectStore, StoreError, objects};
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
        let path = match database_url {
            None => data_dir.join("analyses.db"),
            Some(url) => database::path_of(url)?,
        };
        let tables = Tables::open(path).await?;
        let objects = objects::open(object_store_url, &data_dir.join("objects")).await?;
        Ok(Self { tables, objects })
    }

    /// Where knowledge bases and uploads lie.
    pub fn objects(&self) -> &dyn ObjectStore {
        &*self.objects
    }
}
