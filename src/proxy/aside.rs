//! Work that takes long, away from the threads that serve: reading and counting large bodies, making large answers.
//!
//! As many jobs run at once as there are cores, and the rest wait in the order in which they came. So they never fill the threads
//! on which names are looked up, however many there are, and a short request needs none of them.

use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;
use tokio::task::JoinError;

/// Bodies above this many bytes are searched for images, and handed to the transformer, on another thread: there may be much
/// to decode or to count.
pub const LARGE_BODY: usize = 64 * 1024;

static PLACES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(cores())));

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Does the work on another thread, when it is its turn. Work that has begun goes on if nobody waits for it any more, and keeps
/// its place until then; work that has not begun is dropped.
///
/// # Errors
/// The work panicked.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    // Nobody closes the semaphore.
    let place = PLACES.clone().acquire_owned().await.ok();
    let job = move || {
        let done = work();
        drop(place);
        done
    };
    tokio::task::spawn_blocking(job).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::sync::mpsc;

    #[test]
    fn jobs_beyond_the_cores_wait_and_leave_threads_to_others() {
        // One thread more than jobs may run at once: plain `spawn_blocking` would give it to a job.
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(cores() + 1).build().unwrap();
        let (go, gate) = mpsc::channel::<()>();
        let (gate, (begun, begins)) = (Arc::new(Mutex::new(gate)), mpsc::channel());
        runtime.block_on(async {
            let jobs: Vec<_> = (0..3 * cores())
                .map(|_| {
                    let (gate, begun) = (gate.clone(), begun.clone());
                    tokio::spawn(run(move || {
                        begun.send(()).unwrap();
                        gate.lock().unwrap().recv().unwrap();
                    }))
                })
                .collect();
            while PLACES.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            // What looks up names, say.
            assert_eq!(tokio::task::spawn_blocking(|| 7).await.unwrap(), 7);
            jobs.iter().for_each(|_| go.send(()).unwrap());
            for job in jobs {
                job.await.unwrap().unwrap();
            }
        });
        assert_eq!((begins.try_iter().count(), PLACES.available_permits()), (3 * cores(), cores()));
    }
}
