//! The slots of a run: one connection each, opened when it is first needed.

use super::telling;
use crate::runtime::Connection;
use platform_core::EventSink;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use warehouse::{CancelToken, Session, Warehouse};

/// One connection a slot. Used from the slots' threads, never from an async worker.
pub struct Slots {
    warehouse: Warehouse,
    handle: Handle,
    events: Arc<dyn EventSink>,
    slots: Vec<Mutex<Option<Arc<Connection>>>>,
    opening: Opening,
}

/// When a slot's connection is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// With the first node, so that a server that isn't there is told once.
    AtOnce,
    /// With the first statement: what asks nothing needs no server.
    WhenAsked,
}

impl Slots {
    /// That many slots; nothing is opened yet.
    pub fn new(warehouse: Warehouse, handle: Handle, events: Arc<dyn EventSink>, count: usize) -> Self {
        let slots = (0..count.max(1)).map(|_| Mutex::new(None)).collect();
        Self { warehouse, handle, events, slots, opening: Opening::AtOnce }
    }

    /// The same slots, opened when that says.
    #[must_use]
    pub fn opened(self, opening: Opening) -> Self {
        Self { opening, ..self }
    }

    /// When connections are opened.
    pub fn opening(&self) -> Opening {
        self.opening
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.slots.len()
    }

    /// The warehouse.
    pub fn warehouse(&self) -> &Warehouse {
        &self.warehouse
    }

    /// Where asynchronous work is waited for.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The slot's connection for a node. One that was lost, or that carries what an earlier node's statements set, is
    /// opened anew.
    pub fn connection(&self, slot: usize) -> Result<Arc<Connection>, warehouse::Error> {
        let mut place = self.slots[slot % self.slots.len()].lock().unwrap_or_else(PoisonError::into_inner);
        let is_good = |it: &&Arc<Connection>| !it.is_lost() && !it.is_changed();
        if let Some(connection) = place.as_ref().filter(is_good) {
            return Ok(connection.clone());
        }
        let (warehouse, handle, events) = (self.warehouse.clone(), self.handle.clone(), self.events.clone());
        let connection = Arc::new(Connection::new(warehouse, handle, events, place.is_some()));
        if self.opening == Opening::AtOnce {
            connection.session()?;
        }
        *place = Some(connection.clone());
        Ok(connection)
    }

    /// Gives every connection back: others may need it. A slot that is asked again opens one anew.
    pub fn close(&self) {
        for slot in &self.slots {
            let connection = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(name) = connection.map(|it| it.name()).filter(|name| !name.is_empty()) {
                telling::left_open(&*self.events, &name);
            }
        }
    }

    /// Ends the statements that run now: they fail with SQLSTATE 57014. Waits until the server was told, so that no
    /// statement that comes after is ended in their place. Not for asynchronous code.
    pub fn cancel_and_wait(&self) {
        // A task that was aborted with its runtime has nothing left to end.
        let _ = self.handle.block_on(self.cancel());
    }

    /// Begins to end the statements that run now.
    pub fn cancel(&self) -> JoinHandle<()> {
        let tokens: Vec<CancelToken> = self
            .slots
            .iter()
            .filter_map(|slot| {
                let connection = slot.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
                connection.opened().map(Session::cancel_token)
            })
            .collect();
        self.handle.spawn(async move {
            for token in tokens {
                // A statement that ended meanwhile needs no cancelling; a lost server can't be asked.
                let _ = token.cancel().await;
            }
        })
    }
}
