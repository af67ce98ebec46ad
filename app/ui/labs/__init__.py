"""The tab 실험실: what a lab shows and asks as HTML, who is running what, and Plotly's own file. Any lab is rendered; none is named."""
