"""Text that enters a script cannot leave it."""

import json
import re

from hypothesis import example, given, strategies as st

from toolkit.pages.rendering import script_json


@given(st.text())
@example("</script>&<!--\u2028\u2029")
def test_json_of_any_text_stays_in_its_script(text):
    written = script_json([text])
    assert json.loads(written) == [text]
    assert not re.search("[<>&\u2028\u2029\ud800-\udfff]", written)
    written.encode("utf-8")
