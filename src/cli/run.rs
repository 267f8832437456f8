//! `run`: starts a program with the proxy in its environment, and touches none of its files.
//!
//! The program takes the place of this process, so that its exit code, its signals and its terminal are its own. Where no proxy of
//! the configuration runs, one is started before, which ends when this process does (`serve --for-client`).

use super::args::RunArgs;
use super::client::named;
use super::client_offer::{self, NeededKey};
use super::client_proxy;
use super::output::CommandEnd;
use crate::client_settings::{ClientProgram, Launch, PROGRAMS, filled};
use crate::config::Overrides;
use crate::diagnostics::file_access::is_there;
use crate::loading::{self, FileReader, Needs, environment, table_only};
use crate::server::private_directory;
use crate::setup::write_private;
use crate::table::Table;
use rustix::fs::{Access, access};
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How the line begins that says where a proxy listens.
const LISTENING: &str = "listening on ";
/// How the line begins that has the key of a proxy that made one.
const OWN_KEY: &str = "export OPENAI_API_KEY=";

/// Runs the program. Returns only if that fails.
pub fn run(args: &RunArgs) -> Result<(), CommandEnd> {
    let program = named(&args.name)?;
    let launch = program.launch.as_ref().ok_or_else(|| not_run(program))?;
    let path = executable(launch)?;
    let (address, key, table) = proxy(args)?;
    let wanted: Vec<String> = args.model.iter().cloned().collect();
    let offer = table.offer(program, &address, key, &wanted, &|_| true)?;
    let mut command = Command::new(&path);
    command.args(launch.args(&offer)).args(&args.args);
    for name in launch.unset {
        command.env_remove(name);
    }
    command.envs(launch.variables(&offer)).envs(no_proxy(&address));
    if let Some(own) = &launch.folder {
        command.env(own.variable, folder(launch.program, own.file, &filled(own.template, &offer))?);
    }
    let error = command.exec();
    Err(CommandEnd::Because(format!("{} cannot be run: {error}", path.display())))
}

fn not_run(program: &ClientProgram) -> CommandEnd {
    let names: Vec<&str> = PROGRAMS.iter().filter_map(|row| row.launch.as_ref()).map(|launch| launch.program).collect();
    CommandEnd::Because(format!(
        "{} has its settings in its own files: argo-openai-proxy client {} prints them ({} can be run)",
        program.title,
        program.name,
        names.join(", ")
    ))
}

/// Returns the program's file, as a shell finds it.
fn executable(launch: &Launch) -> Result<PathBuf, CommandEnd> {
    let path = environment("PATH").unwrap_or_default();
    let is_program = |path: &PathBuf| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    let found = std::env::split_paths(&path).map(|folder| folder.join(launch.program)).find(is_program);
    found.ok_or_else(|| {
        CommandEnd::Because(format!(
            "{} is not installed, or not on PATH; to install it: {}",
            launch.program, launch.install
        ))
    })
}

/// Returns where the proxy is, its key and its table: that of the running instance, or of one that is started for the program.
fn proxy(args: &RunArgs) -> Result<(String, Option<String>, Table), CommandEnd> {
    if args.demo {
        let (address, key) = start(args)?;
        return Ok((address, key, table_only()?.table));
    }
    let paths = args.files.all().paths(&environment);
    if !is_there(&paths.config).map_err(|problem| vec![problem])? {
        return Err(CommandEnd::Because(format!(
            "{} not found; make it with: argo-openai-proxy init, or try: argo-openai-proxy run --demo {}",
            paths.config.display(),
            args.name
        )));
    }
    let loaded = loading::load(&paths, &Overrides::default(), Needs::User, &FileReader::default())?;
    match client_offer::running(&paths.config, Some(&loaded)) {
        Some(addresses) => {
            let key = NeededKey::of(args.key.read()?, &loaded.config).known()?;
            Ok((client_offer::address_of(&addresses)?, key, loaded.table))
        }
        None => {
            let (address, key) = start(args)?;
            Ok((address, key, loaded.table))
        }
    }
}

/// Starts a proxy that ends with this process. Returns where it listens, and its key if it made one.
///
/// # Errors
/// It did not start, with what it said.
fn start(args: &RunArgs) -> Result<(String, Option<String>), CommandEnd> {
    let because = |e: std::io::Error| CommandEnd::Because(format!("the proxy cannot be started: {e}"));
    let mut command = Command::new(std::env::current_exe().map_err(because)?);
    command.args(["serve", "--quiet", "--host", "127.0.0.1", "--port", "0", "--for-client"]);
    command.arg(std::process::id().to_string());
    if args.demo {
        command.arg("--demo");
    }
    for (flag, file) in [("--config", &args.files.config), ("--routes", &args.files.routes)] {
        command.args(file.iter().flat_map(|file| [OsStr::new(flag), file.as_os_str()]));
    }
    // In a group of its own: Ctrl-C is for the program.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(because)?;
    let (mut said, mut key) = (String::new(), None);
    let mut lines =
        BufReader::new(child.stderr.take().map(|stderr| stderr.take(1 << 20)).ok_or("no standard error".to_owned())?);
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).map_err(because)? == 0 {
            // It has ended, or is about to.
            child.wait().map_err(because)?;
            return Err(CommandEnd::Because(format!("the proxy did not start:\n{said}")));
        }
        if let Some(address) = line.strip_prefix(LISTENING) {
            return Ok((address.trim().to_owned(), key));
        }
        key = line.trim().strip_prefix(OWN_KEY).map(str::to_owned).or(key);
        said.push_str(&line);
    }
}

/// Returns what keeps calls for the proxy away from another proxy that the environment names.
fn no_proxy(address: &str) -> Vec<(&'static str, String)> {
    let (scheme, place) = address.split_once("://").unwrap_or_default();
    let Ok(address) = place.parse::<std::net::SocketAddr>() else { return Vec::new() };
    if client_proxy::warning(scheme, address.ip(), &environment).is_none() {
        return Vec::new();
    }
    let with = |name: &'static str| {
        let there =
            environment(name).filter(|list| !list.is_empty()).map(|list| format!("{list},")).unwrap_or_default();
        (name, format!("{there}{},localhost", address.ip()))
    };
    vec![with("no_proxy"), with("NO_PROXY")]
}

/// Returns a folder that the program takes for its own, with a file of settings in it. Only this user can enter it, and it is the same at
/// each run.
fn folder(program: &str, file: &str, text: &str) -> Result<PathBuf, CommandEnd> {
    let user = rustix::process::geteuid().as_raw();
    let runtime = environment("XDG_RUNTIME_DIR").filter(|folder| Path::new(folder).is_dir()).map(PathBuf::from);
    let own = runtime.unwrap_or_else(std::env::temp_dir).join(format!("argo-openai-proxy-{program}-{user}"));
    private_directory(&own)?;
    let path = own.join(file);
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = made.and_then(|()| write_private(&path, text, path.symlink_metadata().is_ok()));
    written.map_err(|e| CommandEnd::Because(format!("{} cannot be written: {e}", path.display())))?;
    Ok(own)
}
