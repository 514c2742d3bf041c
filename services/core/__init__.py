"""What more than one service needs: the domain, its stores and its words. Knows neither HTTP nor CDK."""
