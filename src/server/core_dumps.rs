//! Keeps the memory of the process from files and from other processes: it holds keys and prompts.

use rustix::io::Result;
use rustix::process::{Resource, Rlimit, setrlimit};

/// Forbids core dumps. On Linux other processes of the same user cannot read the memory or trace the process either; only root can.
/// A process that takes over in an upgrade begins anew, and forbids it again.
///
/// # Errors
/// The system refuses.
pub fn forbid() -> Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    // A program that takes dumps over a pipe (core_pattern) ignores the limit, and not this.
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}
