//! Hands listening sockets over from one process to another, without a moment in which no process accepts.
//!
//! pingora's own hand-over does not fit. After its signal the old process exits, whether the new one got the sockets or not; its socket
//! is open to every user; and it sleeps for seconds. Here the new process asks, receives the descriptors, serves and says so. Only then
//! does the old process stop. If anything fails before, the old process goes on serving. No process signals another.
//!
//! ```text
//! new: connects                    old: sends the names of its listeners, and their descriptors
//! new: serves, says "serving"      old: gives up its place, says "gone", drains
//! ```

use super::unix;
use log::warn;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use std::io::{self, BufRead, BufReader, IoSlice, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

const SERVING: &str = "serving\n";
const GONE: &str = "gone\n";
/// How long one process waits for a message of the other. The new process has read its configuration before it asks.
const PATIENCE: Duration = Duration::from_secs(20);
/// The largest number of listeners that can be handed over.
const MOST: usize = 64;
/// The largest size of their names together, in bytes.
const NAMES: usize = 64 * 1024;

/// A listening socket on its way to another process.
pub struct Shared {
    /// The role and the configured address.
    pub name: String,
    /// A handle that this process owns.
    pub handle: OwnedFd,
}

/// The sockets that another process handed over and that are not in use yet. Empty in a process that starts alone.
#[derive(Default)]
pub struct Inherited(Vec<Shared>);

impl Inherited {
    /// Returns the socket with this name, and forgets it.
    pub fn take(&mut self, name: &str) -> Option<OwnedFd> {
        let at = self.0.iter().position(|shared| shared.name == name)?;
        Some(self.0.swap_remove(at).handle)
    }
}

/// The new process's end of the connection.
pub struct Newcomer(BufReader<UnixStream>);

impl Newcomer {
    /// Asks the process that listens at `socket` for its listeners. Returns `None` if no process listens there.
    ///
    /// # Errors
    /// Why it hands over none, in a sentence.
    pub fn ask(socket: &Path) -> Result<Option<(Self, Inherited)>, String> {
        let stream = match UnixStream::connect(socket) {
            Ok(stream) => stream,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                return Ok(None);
            }
            Err(e) => return Err(format!("the running instance cannot be asked at {}: {e}", socket.display())),
        };
        let received = stream.set_read_timeout(Some(PATIENCE)).and_then(|()| receive(&stream));
        let inherited = received.map_err(|e| format!("the running instance did not hand its listeners over: {e}"))?;
        Ok(Some((Newcomer(BufReader::new(stream)), inherited)))
    }

    /// Tells the running process that this one serves. Returns true if the running process has given up its directory.
    pub fn serves(mut self) -> bool {
        let mut word = String::new();
        let told = self.0.get_mut().write_all(SERVING.as_bytes()).and_then(|()| self.0.read_line(&mut word));
        told.is_ok() && word == GONE
    }
}

/// The running process, as far as a hand-over concerns it.
pub trait Giver {
    /// Returns the listeners, if there are any. The new process has them from now on as well.
    fn offer(&self) -> Option<Vec<Shared>>;
    /// The new process has failed: this one goes on.
    fn withdraw(&self);
    /// The new process serves: this one closes its listeners and unlocks its directory.
    fn give_up(&self);
}

/// Answers new processes until one has taken over.
pub fn answer(listener: UnixListener, giver: &dyn Giver) {
    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(e) => return warn!("upgrades are not possible any more: {e}"),
        };
        let Some(listeners) = giver.offer() else { return };
        match hand_over(stream, &listeners) {
            Ok(mut stream) => {
                // The new process listens at the same place once it is told, and would find it in use.
                drop(listener);
                giver.give_up();
                // A new process that misses this message finds the directory unlocked all the same.
                let _ = stream.get_mut().write_all(GONE.as_bytes());
                return;
            }
            Err(e) => {
                giver.withdraw();
                warn!("the upgrade failed, this process goes on serving: {e}");
            }
        }
    }
}

fn hand_over(stream: UnixStream, listeners: &[Shared]) -> io::Result<BufReader<UnixStream>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    send(&stream, listeners)?;
    let mut stream = BufReader::new(stream);
    let mut word = String::new();
    stream.read_line(&mut word)?;
    if word != SERVING {
        return Err(io::Error::other("the new process ended before it served"));
    }
    Ok(stream)
}

/// Sends the names and the descriptors in one message, so that they cannot be parted.
fn send(stream: &UnixStream, listeners: &[Shared]) -> io::Result<()> {
    let names: Vec<&str> = listeners.iter().map(|shared| shared.name.as_str()).collect();
    let text = serde_json::to_vec(&names)?;
    if text.len() > NAMES || listeners.len() > MOST {
        return Err(io::Error::other("there are too many listeners"));
    }
    let handles: Vec<BorrowedFd<'_>> = listeners.iter().map(|shared| shared.handle.as_fd()).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&handles)) {
        return Err(io::Error::other("there are too many listeners"));
    }
    let sent = sendmsg(stream, &[IoSlice::new(&text)], &mut control, SendFlags::empty())?;
    if sent != text.len() {
        return Err(io::ErrorKind::WriteZero.into());
    }
    Ok(())
}

fn receive(stream: &UnixStream) -> io::Result<Inherited> {
    let mut text = vec![0; NAMES];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    // Other systems cannot mark received descriptors close-on-exec. There are no child processes that would inherit them.
    #[cfg(target_os = "linux")]
    let flags = RecvFlags::CMSG_CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    let flags = RecvFlags::empty();
    let received = recvmsg(stream, &mut [IoSliceMut::new(&mut text)], &mut control, flags)?;
    let handles: Vec<OwnedFd> = control
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(handles) => Some(handles),
            _ => None,
        })
        .flatten()
        .collect();
    let names: Vec<String> = serde_json::from_slice(text.get(..received.bytes).unwrap_or_default())?;
    if names.len() != handles.len() {
        return Err(io::Error::other("some of them did not arrive"));
    }
    let shared = names.into_iter().zip(handles).map(|(name, handle)| Shared { name, handle });
    Ok(Inherited(shared.collect()))
}

/// Listens for new processes.
///
/// # Errors
/// Why that does not work.
pub fn listen(socket: &Path) -> Result<UnixListener, String> {
    unix::listen(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::path::PathBuf;
    use std::sync::Mutex;

    /// Says whether its place was free when it was given up.
    struct Old {
        socket: PathBuf,
        was_free: Mutex<Option<bool>>,
    }

    impl Giver for Old {
        fn offer(&self) -> Option<Vec<Shared>> {
            let handle = TcpListener::bind("127.0.0.1:0").ok()?.into();
            Some(vec![Shared { name: "only".to_owned(), handle }])
        }

        fn withdraw(&self) {}

        fn give_up(&self) {
            *self.was_free.lock().unwrap() = Some(UnixStream::connect(&self.socket).is_err());
        }
    }

    #[test]
    fn the_place_is_free_before_the_new_process_is_told() {
        let folder = std::env::temp_dir().join(format!("argo-upgrade-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let old = Old { socket: folder.join("socket"), was_free: Mutex::new(None) };
        let listener = UnixListener::bind(&old.socket).unwrap();
        std::thread::scope(|threads| {
            threads.spawn(|| answer(listener, &old));
            let (newcomer, mut inherited) = Newcomer::ask(&old.socket).unwrap().unwrap();
            assert!(inherited.take("only").is_some());
            assert!(newcomer.serves());
        });
        assert_eq!(*old.was_free.lock().unwrap(), Some(true));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
