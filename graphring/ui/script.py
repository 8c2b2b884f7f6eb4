"""What Streamlit runs for each session; kept to two lines, because it is compiled and run again on every click."""

from graphring.ui.page import main

main()
