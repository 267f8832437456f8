//! Repeats a path through the proxy, so that its instructions can be counted: `paths TIMES NAME`. Without arguments it
//! lists the paths.

use bench_tools::paths;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [times, name] = words.as_slice() else {
        paths::all().iter().for_each(|path| println!("{}", path.name));
        return Ok(());
    };
    let times: u32 = times.parse()?;
    let mut path = paths::all().into_iter().find(|path| path.name == name).ok_or("there is no such path")?;
    (0..times).for_each(|_| (path.run)());
    Ok(())
}
