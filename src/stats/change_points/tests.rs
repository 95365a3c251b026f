use super::*;

fn column(csv: &str) -> Vec<f64> {
    let rows = csv.lines().skip(1);
    rows.map(|row| row.split(',').nth(1).unwrap().parse().unwrap())
        .collect()
}

fn tigerbeetle() -> Vec<f64> {
    column(include_str!("../../../tests/reference/tigerbeetle.csv"))
}

fn nile() -> Vec<f64> {
    column(include_str!("../../../tests/reference/nile.csv"))
}

fn indexes(points: &[ChangePoint]) -> Vec<usize> {
    points.iter().map(|point| point.index).collect()
}

fn found(values: &[f64], window: usize, max_pvalue: f64, min_magnitude: f64) -> Vec<usize> {
    let options = Options {
        window,
        max_pvalue,
        min_magnitude,
    };
    indexes(&windowed(values, &options).unwrap())
}

/// Apache Otava at commit 1ceb1537, tests/tigerbeetle_test.py: window, largest p, smallest magnitude, change points.
#[test]
fn the_points_are_those_that_otava_finds() {
    let values = tigerbeetle();
    let cases: [(f64, f64, &[usize]); 10] = [
        (0.01, 0.05, &[15, 71]),
        (0.05, 0.05, &[15, 71]),
        (0.1, 0.05, &[10, 11, 15, 71, 363]),
        (0.2, 0.05, &[10, 11, 15, 71]),
        (
            0.2,
            0.0,
            &[
                3, 6, 7, 10, 11, 13, 15, 16, 28, 29, 35, 37, 39, 41, 44, 48, 49, 56, 58, 61, 65, 66, 69, 71, 74, 76,
                82, 95, 108, 117, 125, 126, 129, 131, 136, 137, 142, 148, 165, 169, 187, 190, 192, 197, 200, 212, 220,
                241, 243, 246, 247, 249, 250, 260, 265, 266, 268, 278, 282, 288, 305, 306, 325, 330, 337, 338, 340,
                347, 349, 363,
            ],
        ),
        (
            0.1,
            0.0,
            &[
                3, 6, 10, 11, 15, 16, 28, 29, 35, 37, 39, 41, 44, 48, 49, 61, 71, 95, 117, 131, 142, 148, 165, 169,
                192, 206, 212, 260, 265, 268, 278, 282, 288, 305, 363,
            ],
        ),
        (
            0.01,
            0.0,
            &[15, 26, 61, 71, 95, 117, 131, 142, 148, 165, 169, 192, 212, 260],
        ),
        (0.001, 0.0, &[15, 61, 71, 95, 117, 131, 142, 148, 192, 212, 260]),
        (0.0001, 0.0, &[71, 95, 117, 131, 142, 148, 192, 212]),
        (0.00001, 0.0, &[71, 95, 131, 192, 212]),
    ];
    for (max_pvalue, min_magnitude, expected) in cases {
        let options = Options {
            window: 30,
            max_pvalue,
            min_magnitude,
        };
        // Otava tests the point at the place of the one that went, and the one behind.
        let as_otava = windows::windowed_testing_again(&values, &options, |gone| [Some(gone), Some(gone + 1)]);
        assert_eq!(
            indexes(&as_otava.unwrap()),
            expected,
            "p {max_pvalue}, magnitude {min_magnitude}"
        );
    }
}

/// Both neighbours tested again: every point that stays is significant between the segments that are left.
#[test]
fn what_stays_is_significant_between_its_neighbours() {
    let values = tigerbeetle();
    assert_eq!(
        found(&values, 30, 0.001, 0.0),
        [15, 61, 71, 95, 117, 131, 142, 148, 192, 212]
    );
    assert_eq!(found(&values, 30, 0.01, 0.05), [15, 71]);
    let options = Options {
        window: 30,
        max_pvalue: 0.1,
        ..Options::default()
    };
    let points = windowed(&values, &options).unwrap();
    let places: Vec<(usize, f64)> = points.iter().map(|point| (point.index, 1.0)).collect();
    for (point, anew) in points.iter().zip(between(&values, &places)) {
        let p_value = anew.before.p_value(&anew.after);
        assert!((point.p_value - p_value).abs() < 1e-9 && p_value < 0.1, "{point:?}");
        assert_eq!(point.before.points, anew.before.points);
        assert!((point.before.mean - anew.before.mean).abs() < 1e-9 * anew.before.mean);
    }
}

/// Otava's and Hunter's own small series: one halving, three levels.
#[test]
fn small_series_have_the_points_that_otavas_tests_state() {
    let halving = [
        1.02, 0.95, 0.99, 1.00, 1.12, 1.00, 1.01, 0.98, 1.01, 0.96, 0.50, 0.51, 0.48, 0.48, 0.55, 0.50, 0.49, 0.51,
        0.50, 0.49,
    ];
    assert_eq!(found(&halving, 10, 0.0001, 0.0), [10]);
    let levels = [
        0.3, 2.4, 1.5, -0.9, -0.5, 99.7, 98.3, 99.1, 149.0, 149.7, 149.5, 149.1, 148.8, 150.0,
    ];
    let permutations = Permutations {
        count: 199,
        max_pvalue: 0.01,
        ..Permutations::default()
    };
    assert_eq!(indexes(&e_divisive(&levels, &permutations).unwrap()), [5, 8]);
    assert_eq!(found(&levels, 50, 0.001, 0.0), [5, 8]);
}

#[test]
fn the_nile_changed_after_1898() {
    assert_eq!(found(&nile(), 50, 0.001, 0.0), [28]);
    let points = e_divisive(&nile(), &Permutations::default()).unwrap();
    assert_eq!(indexes(&points), [28]);
    assert_eq!(points[0].p_value, 0.001);
    assert_eq!((points[0].before.points, points[0].after.points), (28, 72));
    // Cobb 1978: from a mean of 1,100 to one of 850.
    assert!((points[0].before.mean - 1_097.75).abs() < 0.01 && (points[0].after.mean - 849.97).abs() < 0.01);
}

/// MongoDB signal-processing-algorithms, tests/test_e_divisive.py: steps without any noise.
#[test]
fn steps_without_noise_are_found_where_they_are() {
    let step: Vec<f64> = (0..2_000).map(|place| f64::from(place >= 1_000)).collect();
    assert_eq!(found(&step, 50, 0.001, 0.0), [1_000]);
    let two: Vec<f64> = (0..90).map(|place| [0.0, 1.0, 20.0][place / 30]).collect();
    assert_eq!(indexes(&e_divisive(&two, &Permutations::default()).unwrap()), [30, 60]);
    assert_eq!(found(&two, 50, 0.001, 0.0), [30, 60]);
}

#[test]
fn nothing_is_found_in_what_does_not_change() {
    for values in [vec![], vec![5.0], vec![0.0; 300], vec![0.1 + 0.2; 100]] {
        assert_eq!(windowed(&values, &Options::default()), Some(vec![]));
        assert_eq!(e_divisive(&values, &Permutations::default()), Some(vec![]));
    }
    // Rounding is no change of level.
    let rounded: Vec<f64> = (0..100).map(|place| if place < 50 { 0.3 } else { 0.1 + 0.2 }).collect();
    assert_eq!(found(&rounded, 50, 0.001, 0.0), [0_usize; 0]);
    assert_eq!(windowed(&[1.0, f64::NAN], &Options::default()), None);
    assert_eq!(e_divisive(&[1.0, f64::INFINITY], &Permutations::default()), None);
}

#[test]
fn the_change_is_that_of_the_means() {
    let values: Vec<f64> = (0..40)
        .map(|place| if place < 20 { 200.0 } else { 100.0 } + f64::from(place % 2))
        .collect();
    let points = windowed(&values, &Options::default()).unwrap();
    assert_eq!(indexes(&points), [20]);
    let point = points[0];
    assert!((point.relative_change().unwrap() - (100.5 / 200.5 - 1.0)).abs() < 1e-12);
    assert!((point.magnitude() - (200.5 / 100.5 - 1.0)).abs() < 1e-12);
    assert!((point.before.standard_deviation().unwrap() - 0.512_989).abs() < 1e-6);
    assert!(point.p_value < 1e-60);
    // A change smaller than asked for does not count.
    assert_eq!(found(&values, 50, 0.001, 1.2), [0_usize; 0]);
}

#[test]
fn the_same_seed_gives_the_same_count_of_false_alarms() {
    let options = Options::default();
    let count = |seed| false_alarms(60, &options, Noise::Normal, 200, seed);
    assert_eq!(count(3), count(3));
    assert_ne!(count(3).flagged, 200);
    // Stricter options flag less.
    let strict = Options {
        max_pvalue: 1e-6,
        ..options
    };
    assert!(false_alarms(60, &strict, Noise::Normal, 200, 3).flagged < count(3).flagged);
}

/// So many values that are all but the same, around a level.
fn level(around: f64, points: usize) -> impl Iterator<Item = f64> {
    (0..points).map(move |place| around * (1.0 + 1e-9 * ((place * 7 % 5) as f64 - 2.0)))
}

#[test]
fn a_change_within_the_floor_is_told_apart_from_one_beyond_it() {
    let values: Vec<f64> = level(100.0, 15)
        .chain(level(100.4, 15))
        .chain(level(104.0, 15))
        .collect();
    let options = Options::default();
    let found = |floor: f64| {
        let Beyond { beyond, within } = windowed_beyond(&values, &options, floor).unwrap();
        (indexes(&beyond), indexes(&within))
    };
    assert_eq!(indexes(&windowed(&values, &options).unwrap()), [15, 30]);
    assert_eq!(found(0.0), (vec![15, 30], vec![]));
    assert_eq!(found(0.01), (vec![30], vec![15]));
    assert_eq!(found(0.05), (vec![], vec![15, 30]));
    assert_eq!(windowed_beyond(&[f64::NAN; 9], &options, 0.01), None);
}

#[test]
fn small_steps_in_one_direction_add_up() {
    let values: Vec<f64> = (0..6)
        .flat_map(|step| level(100.0 + 0.6 * f64::from(step), 12))
        .collect();
    let Beyond { beyond, within } = windowed_beyond(&values, &Options::default(), 0.01).unwrap();
    assert_eq!(beyond.len() + within.len(), 5, "each step is seen");
    assert!(!beyond.is_empty(), "3 % in all are not lost among steps of 0.6 %");
    assert!(beyond.iter().all(|point| point.magnitude() > 0.01));
}
