//! Repeats an operation at a size, so that its instructions can be counted: `growth TIMES NAME SIZE`. Without arguments it lists the
//! curves with their sizes.

use bench_tools::growth::CURVES;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [times, name, size] = words.as_slice() else {
        for curve in CURVES {
            let sizes: Vec<String> = curve.sizes.iter().map(usize::to_string).collect();
            println!("{} {} {} {}", curve.name, curve.of, curve.expected, sizes.join(" "));
        }
        return Ok(());
    };
    let (times, size): (u32, usize) = (times.parse()?, size.parse()?);
    let curve = CURVES.iter().find(|curve| curve.name == name).ok_or("there is no such curve")?;
    let mut run = (curve.make)(size);
    (0..times).for_each(|_| run());
    Ok(())
}
