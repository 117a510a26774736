//! What the tasks of one process share.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use store::Store;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::cancellation::Running;
use crate::flights::Flights;
use crate::intake::TempSpace;
use crate::knowledge::Knowledge;
use crate::progress::Announcer;
use crate::settings::Settings;
use crate::{AnalysisError, blocking};

/// What the tasks of one process share. Cheap to clone.
#[derive(Clone)]
pub struct Shared(Arc<Inner>);

struct Inner {
    settings: Settings,
    store: Store,
    /// Where clones and unpacked archives lie for a while.
    space: TempSpace,
    /// Knowledge bases that were used lately.
    knowledge: Knowledge,
    /// Clients by model; they share one governor.
    clients: Mutex<HashMap<String, llm::Client>>,
    announcer: Announcer,
    running: Running,
    /// Answers that are being asked for.
    flights: Flights,
    /// Threads that describe files without an LLM: as many as read and parse them, whatever the worker's concurrency.
    describing: Semaphore,
}

impl Shared {
    pub(crate) async fn open(settings: Settings) -> Result<Self, AnalysisError> {
        let data_dir = settings.data_dir.clone();
        let space = blocking(move || {
            std::fs::create_dir_all(&data_dir)?;
            TempSpace::open(&data_dir.join("tmp"))
        })
        .await
        .map_err(|error| {
            AnalysisError::io(&format!("use the data folder {}", settings.data_dir.display()), &error)
        })?;
        let store = Store::open(
            &settings.data_dir,
            settings.database_url.as_deref(),
            settings.object_store_url.as_deref(),
        )
        .await?;
        Ok(Self::of(settings, store, space))
    }

    /// The same where nothing may be written: temporary files lie where the system has them.
    pub(crate) async fn look(settings: Settings) -> Result<Self, AnalysisError> {
        let space = blocking(TempSpace::apart)
            .await
            .map_err(|error| AnalysisError::io("make a temporary folder", &error))?;
        let store = Store::look(
            &settings.data_dir,
            settings.database_url.as_deref(),
            settings.object_store_url.as_deref(),
        )
        .await?;
        Ok(Self::of(settings, store, space))
    }

    fn of(settings: Settings, store: Store, space: TempSpace) -> Self {
        Self(Arc::new(Inner {
            store,
            space,
            knowledge: Knowledge::default(),
            clients: Mutex::default(),
            announcer: Announcer::default(),
            running: Running::default(),
            flights: Flights::default(),
            describing: Semaphore::new(settings.read_threads.unwrap_or_else(processors).max(1)),
            settings,
        }))
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn space(&self) -> &TempSpace {
        &self.0.space
    }

    pub(crate) fn knowledge(&self) -> &Knowledge {
        &self.0.knowledge
    }

    pub(crate) fn announcer(&self) -> &Announcer {
        &self.0.announcer
    }

    pub(crate) fn flights(&self) -> &Flights {
        &self.0.flights
    }

    /// Waits for the turn to describe files by their source, which needs nothing but the processor.
    pub(crate) async fn turn_to_describe(&self) -> Result<SemaphorePermit<'_>, AnalysisError> {
        self.0.describing.acquire().await.map_err(AnalysisError::internal)
    }

    pub(crate) fn running(&self) -> &Running {
        &self.0.running
    }

    /// The client for this model. All clients of a process share one governor: the provider's limits are for the
    /// account.
    pub(crate) fn llm(&self, model: &str) -> Result<llm::Client, AnalysisError> {
        let mut clients = self.0.clients.lock();
        if let Some(client) = clients.get(model) {
            return Ok(client.clone());
        }
        let Some(settings) = &self.0.settings.llm else {
            return Err(AnalysisError::invalid(
                "llm_not_configured",
                format!("the analysis wants the model {model}, and no LLM provider is configured"),
                "Set OPENAI_BASE_URL and OPENAI_API_KEY for the worker, then resume.",
            ));
        };
        let settings = settings.for_model(model);
        let client = match clients.values().next() {
            Some(other) => llm::Client::with_governor(settings, other.governor().clone()),
            None => llm::Client::new(settings),
        };
        let client = client.map_err(|error| AnalysisError::from_llm(&error))?;
        clients.insert(model.to_owned(), client.clone());
        Ok(client)
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}
