"""The page for `streamlit run app.py`; `graphring serve` is the same with a free port found for you."""

import streamlit as st

from graphring.ui.page import main
from graphring.ui.server import SCRIPT, security

app = st.App(SCRIPT, middleware=security())

if __name__ == "__main__":  # run as a script, not as a server
    main()
