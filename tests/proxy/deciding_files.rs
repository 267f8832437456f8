//! Files that decide what is served: nobody but the user who runs the proxy and root may be able to change them.

use crate::reload::{replace, table, until};
use crate::skipped::skip;
use crate::support::{Argo, Server, Setup, caller};
use crate::upstream_tls::Authority;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};

/// Users that no machine has.
const SERVICE: u32 = 54_001;
const OTHER: u32 = 54_002;

const PROGRAM: &str = env!("CARGO_BIN_EXE_argo-openai-proxy");

/// A local file with a row that only shows whose table is served.
const STOLEN: &str = "version: 1\nroutes:\n  - { path: /stolen, reply: { text: x } }\n";

/// The shipped table with the same row.
fn stolen() -> String {
    include_str!("../../routes.yaml").replacen(
        "\nroutes:\n",
        "\nroutes:\n  - { path: /stolen, reply: { text: x } }\n",
        1,
    )
}

/// What has this name, with the row.
fn stolen_as(name: &str) -> String {
    if name == "routes.yaml" { stolen() } else { STOLEN.to_owned() }
}

/// A folder that goes with its test.
struct Folder(PathBuf);

impl Folder {
    /// The files of a setup that is not started.
    fn of(setup: Setup) -> Self {
        Folder(setup.command().1)
    }

    /// An empty folder that every user can enter.
    fn open(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("argo-{name}-{}", std::process::id()));
        // A run with this number may have been killed.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        set_mode(&folder, 0o755);
        Folder(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// The program, where every user can run it.
    fn program(&self) -> PathBuf {
        let program = self.path("argo-openai-proxy");
        fs::copy(PROGRAM, &program).unwrap();
        set_mode(&program, 0o755);
        program
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Exit code, and what went to standard output and standard error.
fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.env_clear().output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn check(folder: &Path) -> (Option<i32>, String) {
    let (code, _, err) = run(Command::new(PROGRAM).current_dir(folder).arg("check"));
    (code, err)
}

/// Each kind of file that decides, all of them sound.
fn all_kinds() -> (Folder, Vec<&'static str>) {
    let authority = Authority::new();
    let (certificate, key) = authority.serves("argo.test");
    let local = "version: 1\nupstreams:\n  mine: { dialect: argo, url: \"https://argo.test/chat/\", tls: { ca: ca.pem, certificate: me.pem, key: me.key } }\nroutes:\n  - { path: /mine, upstream: mine, models: chat, transformer: openai_chat_completions }\n";
    let routes = include_str!("../../routes.yaml").replacen("version: 1\n", "version: 1\ninclude: [more.yaml]\n", 1);
    let setup = Setup::before_address(([127, 0, 0, 1], 9).into())
        .config("tls: { certificate: own.pem, key: own.key }")
        .callers(&[caller("ann", "a-key-of-ann", "")])
        .routes(&routes)
        .file("more.yaml", "version: 1\nroutes:\n  - { path: /more, reply: { text: x } }\n")
        .file("local-routes.yaml", local)
        .file("ca.pem", &authority.pem());
    let folder = Folder::of(setup);
    for (name, text) in [("own.pem", &certificate), ("own.key", &key), ("me.pem", &certificate), ("me.key", &key)] {
        set_mode(&folder.write(name, text), 0o600);
    }
    let files = "config.yaml callers.yaml routes.yaml more.yaml local-routes.yaml own.pem own.key ca.pem me.pem me.key";
    (folder, files.split(' ').collect())
}

#[test]
fn what_others_may_write_is_not_read() {
    let (folder, files) = all_kinds();
    assert_eq!(check(&folder.0), (Some(0), String::new()));
    for file in files {
        let path = folder.path(file);
        let before = path.metadata().unwrap().mode() & 0o777;
        set_mode(&path, before | 0o002);
        let (code, err) = check(&folder.0);
        let mode = format!("bad owner or permissions: it has mode {:04o} and belongs to user ", before | 0o002);
        assert!(
            code == Some(1) && err.contains(&mode) && err.contains("so that others can change it"),
            "{file}: {err}"
        );
        assert!(err.contains("run: chmod go-w ") && err.contains(file), "{file}: {err}");
        let (code, _, served) = run(Command::new(PROGRAM).current_dir(&folder.0).arg("serve"));
        assert_eq!((code, served), (Some(1), err), "serve tells the same");
        set_mode(&path, before);
    }
    // A folder where everybody can take a file away and put another one there.
    set_mode(&folder.0, 0o777);
    let (code, err) = check(&folder.0);
    assert!(code == Some(1) && err.contains("its folder . has mode 0777") && err.contains("run: chmod o-w ."), "{err}");
    set_mode(&folder.0, 0o1777);
    assert_eq!(check(&folder.0), (Some(0), String::new()), "the sticky bit keeps others from that");
}

#[test]
fn a_group_may_write_only_where_it_has_nobody_else() {
    if !is_root() {
        return skip("a_group_may_write_only_where_it_has_nobody_else", "it takes root to give files to groups");
    }
    let (folder, _) = all_kinds();
    for (group, code) in [(0, 0), (OTHER, 1)] {
        chown(folder.path("routes.yaml"), None, Some(group)).unwrap();
        set_mode(&folder.path("routes.yaml"), 0o664);
        assert_eq!(check(&folder.0).0, Some(code), "group {group}");
    }
}

#[test]
fn a_reload_takes_nothing_that_others_may_write() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).routes(include_str!("../../routes.yaml")).start();
    let (file, before) = (server.file("routes.yaml"), table(&server));
    fs::write(&file, stolen()).unwrap();
    set_mode(&file, 0o646);
    until("the refusal", || table(&server)["newer_file_is_broken"] == true);
    until("the report", || server.log().contains("chmod go-w routes.yaml"));
    assert!(server.log().contains("not reloaded") && server.log().contains("mode 0646"), "{}", server.log());
    assert_eq!((server.get("/stolen").status, &table(&server)["version"]), (404, &before["version"]));
    // Mending the mode alone is a change.
    set_mode(&file, 0o644);
    until("the reload", || server.get("/stolen").status == 200);
}

/// A proxy whose configuration lies elsewhere than where it was started.
fn started_in(directory: &Path, argo: &Argo) -> Server {
    let (_, folder) = Setup::before(argo).command();
    let config = fs::canonicalize(folder.join("config.yaml")).unwrap();
    let mut own = Command::new(PROGRAM);
    own.env_clear().env("XDG_RUNTIME_DIR", fs::canonicalize(&folder).unwrap()).current_dir(directory);
    own.args(["serve", "--port", "0", "--config"]).arg(config);
    own.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    Server::run(own, folder)
}

#[test]
fn no_table_is_taken_from_the_working_directory_while_it_runs() {
    let argo = Argo::saying("Hi");
    for name in ["routes.yaml", "local-routes.yaml"] {
        let public = Folder::open(&format!("appears-{name}"));
        set_mode(&public.0, 0o1777);
        let server = started_in(&public.0, &argo);
        public.write(name, &stolen_as(name));
        if is_root() {
            chown(public.path(name), Some(OTHER), Some(OTHER)).unwrap();
        }
        server.signal("HUP");
        until("the reload", || server.log().contains("reloaded: table "));
        assert_eq!(server.get("/stolen").status, 404, "{name}");
    }
    // What was there at the start is one's own, and goes on being read.
    let own = Folder::open("was-there");
    own.write("routes.yaml", &stolen().replace("stolen", "first"));
    let server = started_in(&own.0, &argo);
    assert_eq!(server.get("/first").status, 200);
    replace(&own.path("routes.yaml"), &stolen().replace("stolen", "second"));
    until("the change", || server.get("/second").status == 200);
}

#[test]
fn files_of_others_in_the_working_directory_do_not_count() {
    if !is_root() {
        return skip("files_of_others_in_the_working_directory_do_not_count", "it takes root to be several users");
    }
    let (public, own) = (Folder::open("public"), Folder::open("own"));
    set_mode(&public.0, 0o1777);
    let config = own.write("config.yaml", "user: jdoe\n");
    for name in ["routes.yaml", "local-routes.yaml"] {
        chown(public.write(name, &stolen_as(name)), Some(OTHER), Some(OTHER)).unwrap();
    }
    let look = || run(Command::new(PROGRAM).current_dir(&public.0).arg("check").arg(&config));
    let (code, out, err) = look();
    assert!(code == Some(0) && out.contains("built-in routes.yaml"), "{out}{err}");
    for name in ["routes.yaml", "local-routes.yaml"] {
        assert!(err.contains(&format!("--> {name}")), "{err}");
    }
    let told = format!("it does not count: it lies in the working directory and belongs to user {OTHER}");
    assert_eq!(err.matches(&told).count(), 2, "{err}");
    // A link of theirs to a file of ours is theirs.
    fs::remove_file(public.path("routes.yaml")).unwrap();
    symlink(own.write("mine.yaml", &stolen()), public.path("routes.yaml")).unwrap();
    lchown(public.path("routes.yaml"), Some(OTHER), Some(OTHER)).unwrap();
    let (code, out, _) = look();
    assert!(code == Some(0) && out.contains("built-in routes.yaml"), "{out}");
    // Beside the configuration, and as the configuration, they are an error.
    let beside = Folder::open("beside");
    chown(beside.write("routes.yaml", &stolen()), Some(OTHER), Some(OTHER)).unwrap();
    beside.write("config.yaml", "user: jdoe\n");
    let (code, err) = check(&beside.0);
    assert!(code == Some(1) && err.contains(&format!("belongs to user {OTHER}; only user 0 (root)")), "{err}");
    assert!(err.contains("run: chown 0 routes.yaml (as root), or run the program as its owner"), "{err}");
    fs::remove_file(beside.path("routes.yaml")).unwrap();
    chown(beside.path("config.yaml"), Some(OTHER), Some(OTHER)).unwrap();
    assert_eq!(check(&beside.0).0, Some(1));
}

#[test]
fn a_user_reads_files_of_their_own_and_of_root_only() {
    if !is_root() {
        return skip("a_user_reads_files_of_their_own_and_of_root_only", "it takes root to be several users");
    }
    let folder = Folder::open("owners");
    let program = folder.program();
    let files =
        [folder.write("config.yaml", "user: jdoe\naccess: keys\n"), folder.write("callers.yaml", "callers: []\n")];
    let look = || run(Command::new(&program).current_dir(&folder.0).uid(SERVICE).gid(SERVICE).arg("check"));
    for (owner, code) in [(0, Some(0)), (SERVICE, Some(0)), (OTHER, Some(1))] {
        for file in &files {
            chown(file, Some(owner), Some(owner)).unwrap();
            let (ended, _, err) = look();
            assert_eq!(ended, code, "{owner}: {err}");
            assert_eq!(err.contains(&format!("chown {SERVICE} ")), code == Some(1), "{err}");
            chown(file, Some(0), Some(0)).unwrap();
        }
    }
    // A link of somebody else, who can lead it elsewhere.
    fs::rename(&files[1], folder.path("real.yaml")).unwrap();
    symlink("real.yaml", &files[1]).unwrap();
    assert_eq!(look().0, Some(0));
    lchown(&files[1], Some(OTHER), Some(OTHER)).unwrap();
    let (code, _, err) = look();
    assert!(code == Some(1) && err.contains(&format!("the link belongs to user {OTHER}")), "{err}");
}

/// A container's configuration belongs to whoever wrote it on the host, and is mounted read-only.
#[test]
#[cfg(target_os = "linux")]
fn on_a_read_only_mount_the_owner_does_not_matter() {
    let test = "on_a_read_only_mount_the_owner_does_not_matter";
    let mounts = Command::new("unshare").args(["--mount", "setpriv", "--version"]).output();
    if !is_root() || !mounts.is_ok_and(|output| output.status.success()) {
        return skip(test, "it takes root, unshare and setpriv to mount a folder for a user");
    }
    let folder = Folder::open("mounted");
    let (program, config) = (folder.program(), folder.path("config"));
    fs::create_dir(&config).unwrap();
    for (name, text) in [("config.yaml", "user: jdoe\n"), ("local-routes.yaml", STOLEN)] {
        fs::write(config.join(name), text).unwrap();
        chown(config.join(name), Some(1000), Some(1000)).unwrap();
        set_mode(&config.join(name), 0o644);
    }
    for (options, code) in [("bind", Some(1)), ("bind,ro", Some(0))] {
        let script = "mount --bind \"$1\" \"$1\" && mount -o remount,\"$3\" \"$1\" && \
            exec setpriv --reuid 65532 --regid 65532 --clear-groups \"$2\" check \"$1/config.yaml\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script, "sh"]).args([&config, &program]).arg(options);
        let Output { status, stderr, .. } = command.current_dir("/").output().unwrap();
        assert_eq!(status.code(), code, "{options}: {}", String::from_utf8_lossy(&stderr));
    }
}

#[test]
fn a_key_made_by_root_changes_no_file_of_others() {
    if !is_root() {
        return skip("a_key_made_by_root_changes_no_file_of_others", "it takes root to be several users");
    }
    let (folder, secret) = (Folder::open("service"), Folder::open("secret"));
    chown(&folder.0, Some(SERVICE), Some(SERVICE)).unwrap();
    let rows = "callers:\n  - { name: bob, key_sha256: \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\" }\n";
    // What a command would take for a list of callers, and may not touch all the same.
    let victim = secret.write("victim", rows);
    set_mode(&victim, 0o600);
    let path = folder.path("callers.yaml");
    let as_service = |text: &str| {
        fs::write(folder.path("next"), text).unwrap();
        chown(folder.path("next"), Some(SERVICE), Some(SERVICE)).unwrap();
        set_mode(&folder.path("next"), 0o600);
        fs::rename(folder.path("next"), &path).unwrap();
    };
    let as_link = || {
        symlink(&victim, folder.path("link")).unwrap();
        lchown(folder.path("link"), Some(SERVICE), Some(SERVICE)).unwrap();
        fs::rename(folder.path("link"), &path).unwrap();
    };
    let new =
        |name: &str| run(Command::new(PROGRAM).current_dir("/").args(["key", "new", name, "--callers"]).arg(&path));
    let unharmed = || {
        let metadata = victim.metadata().unwrap();
        assert_eq!((metadata.uid(), metadata.gid(), metadata.mode() & 0o777), (0, 0, 0o600));
        assert_eq!(fs::read_to_string(&victim).unwrap(), rows);
    };
    as_service(rows);
    let (code, _, err) = new("ann");
    assert_eq!((code, path.metadata().unwrap().uid()), (Some(0), SERVICE), "{err}");
    as_link();
    let (code, out, err) = new("ann");
    assert!(code == Some(1) && out.is_empty() && err.contains("a link of another user"), "{out}{err}");
    unharmed();
    // The same while the owner of the folder swaps them as fast as that goes.
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                as_service(rows);
                as_link();
            }
        });
        (0..20).for_each(|number| drop(new(&format!("caller-{number}"))));
        over.store(true, Ordering::Relaxed);
    });
    unharmed();
}

/// Crash dumps would hold keys and prompts, and so does the memory that another process of the same user reads.
#[test]
#[cfg(target_os = "linux")]
fn memory_is_kept_from_dumps_and_from_other_processes() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    if !is_root() {
        let environment = fs::read(format!("/proc/{}/environ", server.id()));
        assert_eq!(environment.unwrap_err().kind(), std::io::ErrorKind::PermissionDenied);
        return;
    }
    let folder = Folder::open("memory");
    chown(&folder.0, Some(SERVICE), Some(SERVICE)).unwrap();
    let mut command = Command::new(folder.program());
    command.env_clear().env("XDG_RUNTIME_DIR", &folder.0).current_dir(&folder.0).uid(SERVICE).gid(SERVICE);
    command.args(["serve", "--demo", "--port", "0"]).stdin(std::process::Stdio::null());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let server = Server::run(command, folder.0.clone());
    let environment = format!("/proc/{}/environ", server.id());
    assert_eq!(fs::metadata(&environment).unwrap().uid(), 0, "not its user's any more");
    let (code, out, err) = run(Command::new("cat").arg(&environment).uid(SERVICE).gid(SERVICE));
    assert!(code == Some(1) && out.is_empty() && err.contains("Permission denied"), "{out}{err}");
}
