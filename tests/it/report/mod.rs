//! The report: what a reader gets, from findings that no simulation made.

mod fixture;

use stakewright::report::render;

#[test]
#[ignore = "slow: writes a report to look at in a browser, into the folder it prints"]
fn slow_a_report_to_look_at() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("report-to-look-at");
    std::fs::create_dir_all(folder.join("figures")).expect("the target folder is writable");
    for (path, bytes) in render(&fixture::safe()) {
        std::fs::write(folder.join(path), bytes).expect("the target folder is writable");
    }
    println!("{}", folder.display());
}
