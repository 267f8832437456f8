//! A Unix socket whose file may be taken away: logind removes a user's runtime directory with the last session, while a process under
//! nohup or tmux goes on. Nobody could reach it any more, so it listens anew.

use super::unix::{self, SocketFile};
use super::upgrade::Shared;
use log::{error, warn};
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use tokio::sync::mpsc::UnboundedSender;

/// A listener's file, and what is needed to listen there again.
pub struct WatchedSocket {
    /// The listener's name, for a process that takes over.
    pub name: String,
    /// The path.
    pub path: PathBuf,
    /// The file as this process made it or took it over.
    pub file: Option<SocketFile>,
    /// Takes new listeners to those who serve their connections.
    pub renewed: UnboundedSender<UnixListener>,
    /// True while the socket is lost and that was reported.
    is_reported: bool,
}

impl WatchedSocket {
    /// Watches the file that is at the path now.
    pub fn new(name: String, path: PathBuf, renewed: UnboundedSender<UnixListener>) -> Self {
        let file = SocketFile::at(&path);
        WatchedSocket { name, path, file, renewed, is_reported: false }
    }

    /// Listens anew if the file has gone. Returns a second handle of the new listener.
    pub fn look(&mut self) -> Option<Shared> {
        if self.file.as_ref().is_some_and(SocketFile::is_there) {
            return None;
        }
        let shown = self.path.display();
        let bound = unix::listen(&self.path).and_then(|listener| {
            let handle = listener.set_nonblocking(true).and_then(|()| listener.as_fd().try_clone_to_owned());
            Ok((handle.map_err(|e| format!("cannot listen on {shown}: {e}"))?, listener))
        });
        match bound {
            Ok((handle, listener)) => {
                warn!("the socket {shown} had gone; listening there anew");
                self.file = SocketFile::at(&self.path);
                self.is_reported = false;
                // The service that takes it ends only with the process.
                let _ = self.renewed.send(listener);
                Some(Shared { name: self.name.clone(), handle })
            }
            Err(why) => {
                if !self.is_reported {
                    error!("the socket {shown} has gone, and nobody can connect to it: {why}; it is tried again");
                }
                self.is_reported = true;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_socket_whose_directory_has_gone_listens_anew() {
        let folder = std::env::temp_dir().join(format!("argo-watched-{}", std::process::id()));
        let path = folder.join("run/proxy.sock");
        let first = unix::listen(&path).unwrap();
        let (sender, mut renewed) = tokio::sync::mpsc::unbounded_channel();
        let mut watched = WatchedSocket::new("proxy".to_owned(), path.clone(), sender);
        assert!(watched.look().is_none());
        std::fs::remove_dir_all(&folder).unwrap();
        // A file in the way of the directory: it cannot be made, until the file has gone.
        std::fs::write(&folder, "").unwrap();
        assert!(watched.look().is_none() && renewed.try_recv().is_err());
        std::fs::remove_file(&folder).unwrap();
        assert_eq!(watched.look().unwrap().name, "proxy");
        let second = renewed.try_recv().unwrap();
        second.set_nonblocking(false).unwrap();
        let _client = UnixStream::connect(&path).unwrap();
        second.accept().unwrap();
        assert!(watched.look().is_none());
        drop(first);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
