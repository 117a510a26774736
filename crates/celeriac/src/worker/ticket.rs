//! A place in a line, taken before one waits in it.
//!
//! Each message lives as a task of its own, and the runtime polls tasks in any order. What is to be served in the order
//! in which it came takes its tickets before the tasks are spawned.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// A place in a line that serves in the order in which it is first polled, as tokio's semaphores and mutexes do. Whoever
/// drops it leaves the line.
pub(crate) enum Ticket<T> {
    /// It was one's turn at once.
    Served(T),
    /// Others come first.
    Waiting(Pin<Box<dyn Future<Output = T> + Send>>),
}

impl<T> Ticket<T> {
    /// Stands in line from now on. `turn` must be of those that queue when they are polled.
    pub(crate) fn take(turn: impl Future<Output = T> + Send + 'static) -> Self {
        let mut turn = Box::pin(turn);
        // A poll beyond the budget of the task that consumes would not queue. Whoever waits is polled again with a waker
        // of its own, so none is needed here.
        let first = Pin::new(&mut tokio::task::unconstrained(&mut turn))
            .poll(&mut Context::from_waker(Waker::noop()));
        match first {
            Poll::Ready(served) => Self::Served(served),
            Poll::Pending => Self::Waiting(turn),
        }
    }

    /// Waits for one's turn.
    pub(crate) async fn served(self) -> T {
        match self {
            Self::Served(served) => served,
            Self::Waiting(turn) => turn.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn turns_come_in_the_order_of_the_tickets() {
        // Well beyond what a task may poll before it has to yield.
        const MANY: usize = 1_000;
        let (line, served) = (Arc::new(Semaphore::new(1)), Arc::new(Mutex::new(Vec::new())));
        let mut waiting = Vec::new();
        for number in 0..MANY {
            let (ticket, served) = (Ticket::take(line.clone().acquire_owned()), served.clone());
            waiting.push(async move {
                let _permit = ticket.served().await;
                served.lock().push(number);
            });
        }
        // The last one is there first.
        let mut tasks: Vec<_> = waiting.into_iter().rev().map(tokio::spawn).collect();
        while let Some(task) = tasks.pop() {
            task.await.unwrap();
        }
        assert_eq!(*served.lock(), Vec::from_iter(0..MANY));
    }

    #[tokio::test]
    async fn who_drops_the_ticket_holds_nobody_up() {
        let line = Arc::new(Semaphore::new(1));
        let first = Ticket::take(line.clone().acquire_owned());
        let (second, third) =
            (Ticket::take(line.clone().acquire_owned()), Ticket::take(line.clone().acquire_owned()));
        drop(second);
        drop(first);
        assert!(third.served().await.is_ok());
    }
}
