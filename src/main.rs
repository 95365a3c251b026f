//! temporary
fn main() -> anyhow::Result<()> {
    kpbench::cli::trial::trial()
}
