from __future__ import annotations

from cityops.api.metrics import HttpCounters, Sample, render_metrics


def test_metrics_are_prometheus_text() -> None:
    text = render_metrics(
        [
            Sample("cityops_frames_total", 'Frames "in"\nall', "counter", 12_000_000, (("gateway", 'a"b\\c\nd'),)),
            Sample("cityops_lag_seconds", "Lag", "gauge", 0.25),
            Sample("cityops_frames_total", 'Frames "in"\nall', "counter", 3, (("gateway", "x"),)),
            Sample("cityops_ratio", "Ratio", "gauge", float("nan")),
        ]
    )
    assert text == (
        '# HELP cityops_frames_total Frames "in"\\nall\n'
        "# TYPE cityops_frames_total counter\n"
        'cityops_frames_total{gateway="a\\"b\\\\c\\nd"} 12000000\n'
        'cityops_frames_total{gateway="x"} 3\n'
        "# HELP cityops_lag_seconds Lag\n"
        "# TYPE cityops_lag_seconds gauge\n"
        "cityops_lag_seconds 0.25\n"
        "# HELP cityops_ratio Ratio\n"
        "# TYPE cityops_ratio gauge\n"
        "cityops_ratio NaN\n"
    )


def test_http_counters_say_what_was_answered_and_refused() -> None:
    counters = HttpCounters(responses={404: 1, 200: 7}, in_flight=2, refused_busy=5)
    text = render_metrics(counters.samples())
    assert 'cityops_http_responses_total{status="200"} 7\ncityops_http_responses_total{status="404"} 1\n' in text
    assert "cityops_http_requests_in_flight 2\n" in text
    assert 'cityops_http_refused_total{reason="busy"} 5\n' in text
