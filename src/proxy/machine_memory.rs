//! How much memory the machine gives this process, and the share of it that requests get by default.

use std::fs;
use std::path::Path;

/// Requests get one of this many parts of the memory.
const PART: u64 = 4;
const LEAST: u64 = 256 << 20;
/// The machine may be large and shared by many.
const MOST: u64 = 4 << 30;

/// Returns `max_memory` for a machine, or a control group on it: a quarter of its memory, at least 256 MiB and at most 4 GiB.
/// Where the memory is not known, it is the least.
pub fn default_budget() -> usize {
    let known = [of_machine(), of_group(Path::new("/proc/self/cgroup"), Path::new("/sys/fs/cgroup"))];
    budget(known.into_iter().flatten().min())
}

fn budget(memory: Option<u64>) -> usize {
    let part = memory.unwrap_or(0) / PART;
    usize::try_from(part.clamp(LEAST, MOST)).unwrap_or(usize::MAX)
}

/// Asks the system itself: the unit of systemd hides `/proc/meminfo`.
#[cfg(target_os = "linux")]
#[allow(clippy::useless_conversion, reason = "the total has 32 bits on some machines")]
fn of_machine() -> Option<u64> {
    let known = rustix::system::sysinfo();
    u64::from(known.totalram).checked_mul(u64::from(known.mem_unit))
}

#[cfg(not(target_os = "linux"))]
fn of_machine() -> Option<u64> {
    None
}

/// Returns the lowest limit of the control group that the process is in, and of those around it. `own` lists the groups of the
/// process, and `root` is where the groups are.
fn of_group(own: &Path, root: &Path) -> Option<u64> {
    let lines = fs::read_to_string(own).ok()?;
    let groups = lines.lines().filter_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (kinds, path) = rest.split_once(':')?;
        // The second version has one tree without a name, the first a tree for each kind of resource.
        match kinds {
            "" => Some((root.to_owned(), "memory.max", path)),
            _ if kinds.split(',').any(|kind| kind == "memory") => {
                Some((root.join("memory"), "memory.limit_in_bytes", path))
            }
            _ => None,
        }
    });
    groups.filter_map(|(tree, file, path)| lowest(&tree, file, path)).min()
}

fn lowest(tree: &Path, file: &str, path: &str) -> Option<u64> {
    let group = tree.join(path.trim_start_matches('/'));
    let around = group.ancestors().take_while(|place| place.starts_with(tree));
    // A group without a limit says "max".
    around.filter_map(|place| fs::read_to_string(place.join(file)).ok()?.trim().parse().ok()).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_between_two_bounds() {
        let of = |mebibytes: u64| budget(Some(mebibytes << 20)) >> 20;
        assert_eq!((of(512), of(2048), of(8192), of(1 << 20)), (256, 512, 2048, 4096));
        assert_eq!(budget(None) >> 20, 256);
        assert!(default_budget() >> 20 >= 256);
    }

    #[test]
    fn the_lowest_limit_of_the_groups_around_counts() {
        let root = std::env::temp_dir().join(format!("groups-{}-{}", std::process::id(), fastrand::u64(..)));
        let own = root.join("own");
        let limit = |place: &str, file: &str, text: &str| {
            fs::create_dir_all(root.join(place)).unwrap();
            fs::write(root.join(place).join(file), text).unwrap();
        };
        limit("user.slice", "memory.max", "1000\n");
        limit("user.slice/user-1", "memory.max", "max\n");
        limit("user.slice/user-1/shell", "memory.max", "5000\n");
        limit("memory/batch", "memory.limit_in_bytes", "700\n");
        for (lines, lowest) in [
            ("0::/user.slice/user-1/shell\n", Some(1000)),
            ("0::/user.slice/user-1/gone\n", Some(1000)),
            ("0::/\n", None),
            ("4:cpu,cpuacct:/batch\n5:memory:/batch/job\n", Some(700)),
            ("nonsense", None),
        ] {
            fs::write(&own, lines).unwrap();
            assert_eq!(of_group(&own, &root), lowest, "{lines}");
        }
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(of_group(&own, &root), None);
    }
}
