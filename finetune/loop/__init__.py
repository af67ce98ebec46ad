"""What runs inside a worker. These modules import torch and transformers when they are imported; nothing else imports them early."""
