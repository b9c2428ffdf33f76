//! What ARCHITECTURE.md names is there.

use std::path::Path;

/// The walk of a sample has at most 14 hops each way, and each is a function of its file.
#[test]
fn the_walk_of_a_sample() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let (_, walk) = page.split_once("## The walk of a sample").unwrap();
    let (walk, _) = walk.split_once("\n## ").unwrap();
    let mut hops = [0, 0];
    for row in walk.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [_, file, function, other_file, other_function, _] = cells[..] else { panic!("{row}") };
        for (way, (file, function)) in [(file, function), (other_file, other_function)].into_iter().enumerate() {
            let source = std::fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            let is_there = source
                .match_indices(&format!("fn {function}"))
                .any(|(at, name)| source[at + name.len()..].starts_with(['<', '(']));
            assert!(is_there, "{file} has no function `{function}`");
            hops[way] += 1;
        }
    }
    assert!(hops.iter().all(|hops| (8..=14).contains(hops)), "{hops:?}");
}
