//! Timings of the paths through the proxy: `cargo bench -p bench-tools`.

use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for mut path in bench_tools::paths::all() {
        criterion.bench_function(path.name, |bencher| bencher.iter(&mut path.run));
    }
    criterion.final_summary();
}
